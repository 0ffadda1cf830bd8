//! `ondol jobs show`.

use clap::Args;
use http::Uri;
use proto::jobs::v1::{GetJobRequest, Job};

use super::row::{JOB, row};
use crate::{client::Connection, json::json, names, output::say, text::size};

/// Which job, and how to print it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job's name
    #[arg(value_parser = names::job)]
    name: String,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON object, as the contract writes a job, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let found = client.jobs().get_job(GetJobRequest { name: arguments.name.clone() }).await;
        let job = found.map_err(|status| client.explained(status))?.into_inner();
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&json(JOB, &job)?)?);
            return Ok(());
        }
        say!("{}", row(&job));
        if let Some(told) = told(&job) {
            say!("  {told}");
        }
        for artifact in &job.artifacts {
            say!("  {}  {}  {}", artifact.path, artifact.content_type, size(artifact.size_bytes));
        }
        Ok(())
    })
}

/// Whom a job tells what. The query of a URL, which may hold secrets, is left out.
fn told(job: &Job) -> Option<String> {
    let webhook = job.webhook.as_ref()?;
    let place = shown(&webhook.url).unwrap_or_else(|| "a URL that cannot be read".to_owned());
    Some(match job.origin.as_str() {
        "" => format!("its end is told to {place}"),
        origin => format!("tells {place} of the end of {origin}"),
    })
}

fn shown(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let query = if uri.query().is_some() { "?…" } else { "" };
    Some(format!("{}://{}{}{query}", uri.scheme_str()?, uri.authority()?, uri.path()))
}

#[cfg(test)]
mod tests {
    use proto::jobs::v1::{Job, Webhook};

    use super::told;

    #[test]
    fn it_is_shown_whom_a_job_tells_without_the_secrets_of_a_query() {
        let webhook = Some(Webhook { url: "https://example.com:8443/hooks/a?token=s3cr3t".into() });
        let job = Job { webhook, ..Job::default() };
        assert_eq!(told(&job).unwrap(), "its end is told to https://example.com:8443/hooks/a?…");
        let job = Job { origin: "jobs/0a".into(), ..job };
        assert_eq!(told(&job).unwrap(), "tells https://example.com:8443/hooks/a?… of the end of jobs/0a");
        assert_eq!(told(&Job::default()), None);
    }
}
