//! `ondol model show`.

use anyhow::ensure;
use clap::Args;
use models::{Manifest, Store};

use crate::{folders::ModelsFolder, output::say, text::size};

/// Which model, and how to print it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The model's name, as `ondol model list` prints it
    name: String,
    #[command(flatten)]
    models: ModelsFolder,
    /// Read every file and compare its checksum
    #[arg(long)]
    verify: bool,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Prints what the package says of itself.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = &arguments.models.path;
    ensure!(
        folder.exists(),
        "no models in {0}, which does not exist; `ondol model import FILE.gguf --models {0}` makes one",
        folder.display()
    );
    let package = Store::open(folder)?.package(&arguments.name)?;
    if arguments.verify {
        package.verify()?;
    }
    let manifest = package.manifest();
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(manifest)?);
        return Ok(());
    }
    print(manifest);
    say!("digest      sha256:{}", package.digest());
    if arguments.verify {
        say!("\nEvery checksum is right.");
    }
    Ok(())
}

fn print(manifest: &Manifest) {
    say!("{} ({}, context {})", manifest.name, manifest.precision.as_str(), manifest.context);
    if let Some(decoder) = &manifest.decoder {
        let heads =
            format!("{} heads, {} key/value heads of {}", decoder.heads, decoder.kv_heads, decoder.head_dim);
        say!("decoder     {} layers, width {}, {heads}", decoder.layers, decoder.hidden);
        say!("vocabulary  {} tokens, ends with {:?}", decoder.vocabulary, manifest.tokens.end);
    }
    let origin = &manifest.provenance;
    say!("source      {} ({}), license {}", origin.source, origin.format, origin.license);
    say!("            sha256 {}", origin.source_sha256);
    say!("made by     {}", origin.importer);
    for (name, file) in &manifest.files {
        say!("file        {name:<24} {:>9}  sha256 {}", size(file.bytes), file.sha256);
    }
}
