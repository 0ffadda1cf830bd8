//! The command-line arguments that every process shares.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use arguments::{address, duration, positive};
use clap::Args;

/// How a process lives and ends.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Process")]
// Several structs of this name meet in one command, and clap wants each group to have a name of its own.
#[group(skip)]
pub struct Arguments {
    /// Where /metrics, /livez, /readyz and /log-filter are served; port 0 takes a free one
    #[arg(long, env = "ONDOL_ADMIN_ADDR", default_value = "127.0.0.1:9400", value_name = "ADDRESS:PORT",
          value_parser = address)]
    pub admin_addr: SocketAddr,

    /// How long running work may take to finish after a signal, such as `30s`
    #[arg(long, env = "ONDOL_GRACE", default_value = "30s", value_parser = duration)]
    pub grace: Duration,

    /// How long to serve on after a signal, not ready, while load balancers look away
    #[arg(long, env = "ONDOL_DRAIN_DELAY", default_value = "0s", value_parser = duration)]
    pub drain_delay: Duration,

    /// How many threads run asynchronous code [default: the number of CPUs; a quarter of them where models run]
    #[arg(long, env = "ONDOL_WORKER_THREADS", value_name = "COUNT", value_parser = positive::<NonZeroUsize>)]
    pub worker_threads: Option<NonZeroUsize>,

    /// Logs and traces.
    #[command(flatten)]
    pub telemetry: telemetry::Arguments,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        process: Arguments,
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_is_expected() {
        for (flag, value, expected) in [
            ("--worker-threads", "0", "expected a whole number, 1 or more"),
            ("--admin-addr", "nonsense", "such as 127.0.0.1:50051"),
            ("--grace", "30", "such as 30s"),
        ] {
            let told = Line::try_parse_from(["x", flag, value]).unwrap_err().to_string();
            assert!(told.contains(flag) && told.contains(expected), "{told}");
        }
        let line = Line::try_parse_from(["x", "--worker-threads", "3"]).unwrap();
        assert_eq!(line.process.worker_threads.unwrap().get(), 3);
    }
}
