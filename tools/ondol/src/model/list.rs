//! `ondol model list`.

use std::path::Path;

use clap::Args;
use models::{Entry, Manifest, Store};
use serde_json::json;

use crate::{folders::ModelsFolder, output::say, text::size};

/// Which store, and how to print it.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: ModelsFolder,
    /// Print one JSON array, for scripts
    #[arg(long)]
    json: bool,
}

/// Prints every package of the store, broken ones with what is wrong.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let entries = entries(&arguments.models.path)?;
    if arguments.json {
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| match &entry.manifest {
                Ok(manifest) => json!({"name": entry.name, "manifest": manifest}),
                Err(error) => json!({"name": entry.name, "error": error.to_string()}),
            })
            .collect();
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    if entries.is_empty() {
        say!("No models in {}; `ondol model import FILE.gguf` makes one.", arguments.models.path.display());
    }
    for entry in &entries {
        match &entry.manifest {
            Ok(manifest) => say!("{}", row(manifest)),
            Err(error) => say!("{:<32} broken: {error}", entry.name),
        }
    }
    Ok(())
}

/// The packages of the folder. One that does not exist yet holds none.
fn entries(folder: &Path) -> anyhow::Result<Vec<Entry>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    Ok(Store::open(folder)?.list()?)
}

fn row(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.values().map(|file| file.bytes).sum();
    let precision = manifest.precision.as_str();
    format!("{:<32} {precision:<5} {:>9}  context {}", manifest.name, size(bytes), manifest.context)
}
