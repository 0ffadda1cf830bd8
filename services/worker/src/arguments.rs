//! The command line arguments of the service.

use std::time::Duration;

use arguments::duration;
use jobs::{LimitArguments, RedisArguments};
use objects::ObjectsArguments;
use rpc::{OptionalUpstream, UpstreamArguments};

use crate::start::{LlmInference, Mcp};

/// What worker is told at its start.
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// How much it does at once.
    #[command(flatten)]
    pub work: WorkArguments,
    /// Where the queue is.
    #[command(flatten)]
    pub redis: RedisArguments,
    /// How much the queue holds.
    #[command(flatten)]
    pub limits: LimitArguments,
    /// Where results go.
    #[command(flatten)]
    pub objects: ObjectsArguments,
    /// Where text is generated.
    #[command(flatten)]
    pub llm_inference: UpstreamArguments<LlmInference>,
    /// Where tools are called and webhooks sent. Without it both are left to other workers.
    #[command(flatten)]
    pub mcp: OptionalUpstream<Mcp>,
}

/// How much a worker does at once.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Work")]
pub struct WorkArguments {
    /// Jobs of each kind that one worker runs at the same time
    #[arg(long, env = "ONDOL_CONCURRENCY", default_value_t = 8, value_name = "JOBS",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub concurrency: u32,

    /// A kind that is run at another concurrency, as KIND=JOBS, repeatable; 0 leaves it to other workers
    #[arg(long = "concurrency-of", env = "ONDOL_CONCURRENCY_OF", value_name = "KIND=JOBS", value_delimiter = ',',
          value_parser = kind_concurrency)]
    pub concurrency_of: Vec<(String, u32)>,

    /// How long a job waits for llm-inference or a tool while that is away or full, before the attempt counts as failed
    #[arg(long, env = "ONDOL_PATIENCE", default_value = "15m", value_name = "TIME", value_parser = duration)]
    pub patience: Duration,
}

fn kind_concurrency(text: &str) -> Result<(String, u32), String> {
    let parsed = text.split_once('=').and_then(|(kind, jobs)| Some((kind.to_owned(), jobs.parse().ok()?)));
    parsed.filter(|(_, jobs)| *jobs <= 1000).ok_or_else(|| "expected KIND=JOBS, such as batch=2".to_owned())
}

impl WorkArguments {
    /// How many jobs of a kind run at once.
    pub(crate) fn concurrency(&self, kind: &str) -> u32 {
        let own = self.concurrency_of.iter().rev().find(|(named, _)| named == kind);
        own.map_or(self.concurrency, |(_, jobs)| *jobs)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::WorkArguments;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        work: WorkArguments,
    }

    #[test]
    fn a_kind_may_have_a_concurrency_of_its_own() {
        let work =
            Cli::parse_from(["worker", "--concurrency", "3", "--concurrency-of", "batch=1,other=0"]).work;
        assert_eq!(["generate_text", "batch", "other"].map(|kind| work.concurrency(kind)), [3, 1, 0]);
        for wrong in ["batch", "batch=", "batch=x", "batch=-1", "batch=1001"] {
            assert!(Cli::try_parse_from(["worker", "--concurrency-of", wrong]).is_err(), "{wrong}");
        }
    }
}
