//! The command-line arguments that every process shares.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use clap::Args;
use jiff::SignedDuration;

/// How a process lives and ends.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Process")]
pub struct Arguments {
    /// Where /metrics, /livez and /readyz are served; port 0 takes a free one
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

/// Longer than any drain, and far from what the system's clock cannot add.
const LONGEST: Duration = Duration::from_hours(24);

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok().and_then(|signed| Duration::try_from(signed).ok());
    parsed.filter(|length| *length <= LONGEST).ok_or_else(|| {
        "expected a length of time up to 24h with its unit, such as 30s, 500ms or 2m".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn a_duration_needs_a_unit_no_sign_and_an_end() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1m 500ms"), Ok(Duration::from_millis(60_500)));
        for wrong in ["30", "-1s", "soon", "", "25h", "9223372036854775807s"] {
            assert!(duration(wrong).is_err_and(|message| message.contains("such as 30s")), "{wrong}");
        }
    }
}
