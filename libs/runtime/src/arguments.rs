//! The command-line arguments that every process shares.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use arguments::duration;
use clap::Args;

/// How a process lives and ends.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Process")]
// Several structs of this name meet in one command, and clap wants each group to have a name of its own.
#[group(skip)]
pub struct Arguments {
    /// Where /metrics, /livez, /readyz and /log-filter are served; port 0 takes a free one
    #[arg(long, env = "ONDOL_ADMIN_ADDR", default_value = "127.0.0.1:9400", value_name = "ADDRESS:PORT")]
    pub admin_addr: SocketAddr,

    /// How long running work may take to finish after a signal, such as `30s`
    #[arg(long, env = "ONDOL_GRACE", default_value = "30s", value_parser = duration)]
    pub grace: Duration,

    /// How long to serve on after a signal, not ready, while load balancers look away
    #[arg(long, env = "ONDOL_DRAIN_DELAY", default_value = "0s", value_parser = duration)]
    pub drain_delay: Duration,

    /// How many threads run asynchronous code [default: the number of CPUs; a quarter of them where models run]
    #[arg(long, env = "ONDOL_WORKER_THREADS", value_name = "COUNT")]
    pub worker_threads: Option<NonZeroUsize>,

    /// Logs and traces.
    #[command(flatten)]
    pub telemetry: telemetry::Arguments,
}
