//! `ondol model import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use models::{
    Precision, Store,
    import::{Options, import_gguf},
};

use crate::{folders::ModelsFolder, progress::Bar, text::size};

/// What to import, and how.
#[derive(Args)]
#[command(after_help = "Example: ondol model import SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2-135m-instruct")]
pub(crate) struct Arguments {
    /// A GGUF file of a Llama-type model (F32, F16, BF16, Q8_0, Q4_0 or Q4_1 weights)
    file: PathBuf,
    #[command(flatten)]
    models: ModelsFolder,
    /// The model's id in requests; by default made from the file's own name for itself
    #[arg(long)]
    name: Option<String>,
    /// How to store the weights; by default the fastest form that keeps the quality of the file
    #[arg(long)]
    precision: Option<Choice>,
    /// Put the new package in the place of one with the same name
    #[arg(long, conflicts_with = "if_missing")]
    replace: bool,
    /// Do nothing when a sound package with that name exists already; needs --name
    #[arg(long, requires = "name")]
    if_missing: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// 32-bit floats: exact, four bytes a weight
    Fp32,
    /// 8-bit integers in blocks of 32
    Int8,
    /// 4-bit integers in blocks of 32: exact for Q4_0 and Q4_1 files, rounded for others
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

/// Imports the file, with a progress bar on a terminal.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let store = Store::create(&arguments.models.path)?;
    if arguments.if_missing && arguments.name.as_deref().is_some_and(|name| store.package(name).is_ok()) {
        return Ok(());
    }
    let options = Options {
        name: arguments.name.clone(),
        precision: arguments.precision.map(Into::into),
        replace: arguments.replace || arguments.if_missing,
    };
    let mut bar = Bar::new("Importing");
    let report = import_gguf(&arguments.file, &store, &options, &mut |progress| {
        bar.show(progress.bytes_done, progress.bytes_total);
    })?;
    bar.end();
    let manifest = &report.manifest;
    println!(
        "Imported {} ({}, {}) in {:.1} s into {}.",
        manifest.name,
        manifest.precision.as_str(),
        size(report.bytes_written),
        report.seconds,
        store.root().join(&manifest.name).display(),
    );
    Ok(())
}
