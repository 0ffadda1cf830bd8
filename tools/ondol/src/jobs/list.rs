//! `ondol jobs list`.

use clap::Args;
use proto::jobs::v1::{Job, ListJobsRequest, State};

use super::row::{JOB, parse_state, row};
use crate::{
    client::Connection,
    json::array,
    output::{say, tell},
};

/// Which jobs, and how to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Only jobs in this state, such as `running`
    #[arg(long, value_parser = parse_state)]
    state: Option<State>,
    /// Only jobs of this kind: `generate_text`, `batch`, `call_tool` or `webhook`
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// The most jobs to print
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON array of jobs, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let (jobs, more) = gather(arguments.most, async |page_size, page_token| {
            let state = arguments.state.unwrap_or_default().into();
            let request = ListJobsRequest { page_size, page_token, state, kind: arguments.kind.clone() };
            let page = client.jobs().list_jobs(request).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            Ok((page.jobs, page.next_page_token))
        })
        .await?;
        print(&jobs, more, arguments.json)
    })
}

/// Up to `most` jobs, from as many pages as that takes, and whether there are more. `page` is given a size and a token.
pub(super) async fn gather(
    most: u32,
    mut page: impl AsyncFnMut(i32, String) -> anyhow::Result<(Vec<Job>, String)>,
) -> anyhow::Result<(Vec<Job>, bool)> {
    let (mut jobs, mut token, most) = (Vec::new(), String::new(), most as usize);
    loop {
        let wanted = i32::try_from(most - jobs.len()).unwrap_or(i32::MAX);
        let (found, next) = page(wanted, token).await?;
        jobs.extend(found);
        if next.is_empty() || jobs.len() >= most {
            let more = jobs.len() > most || !next.is_empty();
            jobs.truncate(most);
            return Ok((jobs, more));
        }
        token = next;
    }
}

/// Prints jobs, one a line or as JSON. Where there are `more` the user is told.
pub(super) fn print(jobs: &[Job], more: bool, json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(&array(JOB, jobs)?)?);
        return Ok(());
    }
    if jobs.is_empty() {
        say!("No jobs.");
    }
    for job in jobs {
        say!("{}", row(job));
    }
    if more {
        tell!("There are more: --most N shows N of them.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proto::jobs::v1::Job;

    use super::gather;

    /// Lists five jobs, two a page, the second page being empty.
    async fn page(_size: i32, token: String) -> anyhow::Result<(Vec<Job>, String)> {
        let jobs =
            |range: std::ops::Range<u32>| range.map(|attempts| Job { attempts, ..Job::default() }).collect();
        Ok(match token.as_str() {
            "" => (jobs(0..2), "a".to_owned()),
            "a" => (jobs(0..0), "b".to_owned()),
            "b" => (jobs(2..4), "c".to_owned()),
            _ => (jobs(4..5), String::new()),
        })
    }

    #[tokio::test]
    async fn as_many_pages_are_read_as_are_wanted() {
        for (most, count, more) in
            [(1, 1, true), (2, 2, true), (3, 3, true), (4, 4, true), (5, 5, false), (9, 5, false)]
        {
            let (jobs, left) = gather(most, page).await.unwrap();
            let read: Vec<_> = jobs.iter().map(|job| job.attempts).collect();
            assert_eq!((read, left), ((0..count).collect(), more), "{most}");
        }
    }
}
