//! `ondol artifact get`.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use clap::Args;

use super::partial::Partial;
use crate::{
    client::{Connection, Download},
    names::{self, ArtifactName},
    output::{self, tell},
    progress::Bar,
};

/// Which artifact, and where to put it.
#[derive(Args)]
#[command(after_help = "Examples:\n  ondol artifact get 0a…/text.txt\n  \
                        ondol artifact get 0a…/output.jsonl --output answers.jsonl\n\n\
                        A connection that breaks is made again where it broke. Where the command ends before --output is \
                        whole, what has come waits beside it, and the same command goes on behind that.")]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(value_parser = names::artifact)]
    artifact: ArtifactName,
    #[command(flatten)]
    connection: Connection,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |client| {
        let mut download = client.download(&arguments.artifact.path()).await?;
        match &arguments.output {
            None => {
                while let Some(bytes) = download.next().await? {
                    output::bytes(&bytes);
                }
                Ok(())
            }
            Some(file) => {
                let content = download.etag().map(|etag| format!("{} {etag}", arguments.artifact));
                into_file(&mut download, content.as_deref(), file).await
            }
        }
    })
}

/// `content` is what tells it from any other, where that is known.
async fn into_file(download: &mut Download<'_>, content: Option<&str>, file: &Path) -> anyhow::Result<()> {
    let context = || format!("writing {}", file.display());
    if let Ok(there) = fs::metadata(file) {
        ensure!(!there.is_dir(), "{} is a folder: name a file in it", file.display());
        // Such as a terminal, a pipe or /dev/null, in whose place no file should come.
        if !there.is_file() {
            let mut open = File::options().write(true).open(file).with_context(context)?;
            return copy(download, 0, &mut |bytes| open.write_all(bytes).with_context(context)).await;
        }
    }
    let mut partial = Partial::open(file, content).with_context(context)?;
    let held = partial.held(download.size()).with_context(context)?;
    if held > 0 {
        download.skip(held).await.inspect_err(|_| partial.forget())?;
    }
    let outcome = copy(download, held, &mut |bytes| partial.write(bytes).with_context(context)).await;
    if let Err(error) = outcome {
        if let Some(kept) = partial.keep() {
            tell!("What has come waits in {}: the same command goes on behind it.", kept.display());
        }
        return Err(error);
    }
    partial.publish().with_context(context)
}

/// Hands on all that comes, with a bar on a terminal.
async fn copy(
    download: &mut Download<'_>,
    held: u64,
    take: &mut impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut bar, mut done) = (Bar::new("Fetching"), held);
    while let Some(bytes) = download.next().await? {
        take(&bytes)?;
        done += bytes.len() as u64;
        bar.show(done, download.size().unwrap_or_default());
    }
    Ok(())
}
