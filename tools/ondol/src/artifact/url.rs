//! `ondol artifact url`.

use std::time::Duration;

use arguments::positive_duration;
use clap::Args;
use proto::artifacts::v1::CreateDownloadUrlRequest;
use tonic::Code;

use crate::{
    client::Connection,
    json::json,
    names::{self, ArtifactName},
    output::say,
};

/// Which artifact, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(value_parser = names::artifact)]
    artifact: ArtifactName,
    #[command(flatten)]
    connection: Connection,
    /// How long whoever has the URL can read it, such as `1h`; a week at most
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = positive_duration)]
    valid_for: Duration,
    /// Print one JSON object with the URL and its end, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let artifact = &arguments.artifact;
    arguments.connection.block_on(async |mut client| {
        let request = CreateDownloadUrlRequest {
            name: artifact.resource(),
            valid_for: Some(arguments.valid_for.try_into()?),
        };
        let made = client.artifacts().create_download_url(request).await.map_err(|status| {
            let cannot_sign = status.code() == Code::Unimplemented;
            let error = client.explained(status);
            if cannot_sign {
                let path = artifact.path();
                return error
                    .context(format!("this server signs no URLs; `ondol artifact get {path}` reads it"));
            }
            error
        })?;
        let made = made.into_inner();
        if arguments.json {
            let made = json("ondol.artifacts.v1.CreateDownloadUrlResponse", &made)?;
            say!("{}", serde_json::to_string_pretty(&made)?);
        } else {
            say!("{}", made.url);
        }
        Ok(())
    })
}
