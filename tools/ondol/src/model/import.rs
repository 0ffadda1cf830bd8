//! `ondol model import`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use models::{
    Entry, ModelError, Package, Precision, Store,
    import::{Options, default_name, import_gguf},
};

use crate::{folders::ModelsFolder, output::say, process_stat::peak_memory, progress::Bar, text::size};

/// What to import, and how.
#[derive(Args)]
#[command(
    after_help = "Example: ondol model import SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2-135m-instruct"
)]
pub(crate) struct Arguments {
    /// A GGUF file of a Llama-type model, its weights in `F32`, `F16`, `BF16`, `Q8_0`, `Q4_0` or `Q4_1`
    file: PathBuf,
    #[command(flatten)]
    models: ModelsFolder,
    /// The model's id in requests [default: the file's name in lower case, without its encoding]
    #[arg(long)]
    name: Option<String>,
    /// How to store the weights [default: int8, the fastest that keeps the quality of the file]
    #[arg(long)]
    precision: Option<Choice>,
    /// Put the new package in the place of one with the same name
    #[arg(long, conflicts_with = "if_missing")]
    replace: bool,
    /// Do nothing when the store holds a sound package that was made of a file of this name
    #[arg(long)]
    if_missing: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// 32-bit floats: exact, four bytes a weight
    Fp32,
    /// 8-bit integers in blocks of 32
    Int8,
    /// 4-bit integers in blocks of 32: exact for `Q4_0` and `Q4_1` files, rounded for others
    Int4,
}

impl From<Choice> for Precision {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Fp32 => Self::Fp32,
            Choice::Int8 => Self::Int8,
            Choice::Int4 => Self::Int4,
        }
    }
}

/// Whether a sound package of a file of the same name stands in the store, with the wanted name and precision where they
/// were given. The file is not read: `--replace` is for one that has changed.
fn holds(store: &Store, file: &Path, wanted: &Options) -> anyhow::Result<bool> {
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let same = |package: &Package| {
        let manifest = package.manifest();
        manifest.provenance.source == file
            && wanted.name.as_ref().is_none_or(|name| manifest.name == *name)
            && wanted.precision.is_none_or(|precision| manifest.precision == precision)
    };
    let entries = store.list()?;
    Ok(entries.iter().filter_map(|entry| store.package(&entry.name).ok()).any(|package| same(&package)))
}

/// Imports the file, with a progress bar on a terminal.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = Options {
        name: arguments.name.clone(),
        precision: arguments.precision.map(Into::into),
        replace: arguments.replace,
    };
    if arguments.if_missing {
        return import_missing(&arguments.file, &arguments.models, options);
    }
    import(&arguments.file, &Store::create(&arguments.models.path)?, &options)
}

/// Imports the file unless the folder holds a sound package that was made of it.
pub(crate) fn import_missing(file: &Path, models: &ModelsFolder, options: Options) -> anyhow::Result<()> {
    let store = Store::create(&models.path)?;
    if holds(&store, file, &options)? {
        return Ok(());
    }
    // A broken package may be replaced; a sound one of another file never, since somebody put it there.
    let broken = |entry: &Entry| entry.manifest.is_err();
    let name = options.name.clone().unwrap_or_else(|| default_name(file));
    let replace = store.list()?.iter().any(|entry| entry.name == name && broken(entry));
    import(file, &store, &Options { replace, ..options })
}

/// The error, with the flags of this command where they are the way out.
fn taught(error: ModelError) -> anyhow::Error {
    match error {
        ModelError::AlreadyExists { name } => anyhow!(
            "the store already has a model {name}: `ondol model import` takes another name with --name, or puts this one \
             in its place with --replace"
        ),
        other => other.into(),
    }
}

fn import(file: &Path, store: &Store, options: &Options) -> anyhow::Result<()> {
    let mut bar = Bar::new("Importing");
    let report = import_gguf(file, store, options, &mut |progress| {
        bar.show(progress.done, progress.total);
    })
    .map_err(taught)
    .with_context(|| format!("importing {}", file.display()))?;
    drop(bar);
    let manifest = &report.manifest;
    say!(
        "Imported {} ({}, {}) in {:.1} s with {} of memory into {}.",
        manifest.name,
        manifest.precision.as_str(),
        size(report.bytes_out),
        report.seconds,
        size(peak_memory()?),
        store.root().join(&manifest.name).display(),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ModelError, taught};

    #[test]
    fn a_name_that_is_taken_comes_with_both_ways_out() {
        let message = taught(ModelError::AlreadyExists { name: "smollm2".into() }).to_string();
        for word in ["smollm2", "--name", "--replace"] {
            assert!(message.contains(word), "{message}");
        }
    }
}
