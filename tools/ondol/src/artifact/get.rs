//! `ondol artifact get`.

use std::{fs::Permissions, io::Write, os::unix::fs::PermissionsExt, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::name::parse;
use crate::{client::Connection, output};

/// Which artifact, and where to put it.
#[derive(Args)]
#[command(after_help = "Examples:\n  ondol artifact get 0a…/text.txt\n  \
                        ondol artifact get 0a…/output.jsonl --output answers.jsonl")]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(value_parser = parse)]
    artifact: (String, String),
    #[command(flatten)]
    connection: Connection,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (job, name) = &arguments.artifact;
    let path = format!("/generated/{job}/{name}");
    arguments.connection.block_on(async |client| {
        let Some(file) = &arguments.output else {
            return client
                .download(&path, |bytes| {
                    output::bytes(bytes);
                    Ok(())
                })
                .await;
        };
        // Beside the file, so that one that was there stays until the new one is whole.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map_or_else(|| PathBuf::from("."), PathBuf::from);
        let context = || format!("writing {}", file.display());
        // As any new file: the user's umask says who may read it.
        let mode = Permissions::from_mode(0o666);
        let mut part =
            tempfile::Builder::new().permissions(mode).tempfile_in(folder).with_context(context)?;
        client.download(&path, |bytes| part.write_all(bytes).with_context(context)).await?;
        part.persist(file).with_context(context)?;
        Ok(())
    })
}
