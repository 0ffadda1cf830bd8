//! `ondol artifact url`.

use std::time::Duration;

use arguments::positive_duration;
use clap::Args;
use proto::artifacts::v1::CreateDownloadUrlRequest;

use super::name::parse;
use crate::{client::Connection, output::say};

/// Which artifact, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(value_parser = parse)]
    artifact: (String, String),
    #[command(flatten)]
    connection: Connection,
    /// How long whoever has the URL can read it, such as `1h`; a week at most
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = positive_duration)]
    valid_for: Duration,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (job, artifact) = &arguments.artifact;
    arguments.connection.block_on(async |mut client| {
        let request = CreateDownloadUrlRequest {
            name: format!("jobs/{job}/artifacts/{artifact}"),
            valid_for: Some(arguments.valid_for.try_into()?),
        };
        let made = client.artifacts().create_download_url(request).await;
        say!("{}", made.map_err(|status| client.explained(status))?.into_inner().url);
        Ok(())
    })
}
