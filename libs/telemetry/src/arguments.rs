//! The command-line arguments of logs and traces.

use clap::{Args, ValueEnum, builder::FalseyValueParser};

use crate::{LogFilter, LokiDestination, loki};

/// How a process logs, and where it sends its traces.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs and traces")]
// Several structs of this name meet in one command, and clap wants each group to have a name of its own.
#[group(skip)]
pub struct Arguments {
    /// How log lines are written [default: text on a terminal, json elsewhere]
    #[arg(long, env = "ONDOL_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// Which events are logged: a level, then levels by target, such as `info,engine=debug`
    #[arg(long, env = "ONDOL_LOG_FILTER", default_value = "info", value_name = "FILTER")]
    pub log_filter: LogFilter,

    /// To which Loki log lines are pushed besides, in plain HTTP, such as `http://loki:3100` [default: none]
    #[arg(long, env = "ONDOL_LOKI_URL", value_name = "URL")]
    pub loki_url: Option<LokiDestination>,

    /// Whose lines they are, where Loki has several tenants (its header `X-Scope-OrgID`)
    #[arg(
        long,
        env = "ONDOL_LOKI_TENANT",
        requires = "loki_url",
        value_parser = loki::tenant,
        value_name = "NAME"
    )]
    pub loki_tenant: Option<String>,

    /// Write text logs without colours
    // The variable is everybody's: any value sets it, and an empty one does not.
    #[arg(long, env = "NO_COLOR", value_parser = FalseyValueParser::new())]
    pub no_color: bool,

    /// Where spans are exported by OTLP over gRPC, such as `http://collector:4317` [default: nowhere]
    #[arg(long, env = "ONDOL_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// Which share of the traces that start here is exported, 0 to 1; a caller's own choice is kept
    #[arg(long, env = "ONDOL_TRACE_RATIO", default_value_t = 1.0, value_parser = ratio, value_name = "SHARE")]
    pub trace_ratio: f64,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for machines
    Json,
    /// One compact line, for people
    Text,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("expected a number from 0 (no traces) to 1 (all of them)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        telemetry: Arguments,
    }

    #[test]
    fn a_tenant_is_one_of_a_loki() {
        let tenant = "--loki-tenant=team-a";
        assert!(Cli::try_parse_from(["x", tenant, "--loki-url=http://loki:3100"]).is_ok());
        let refused = Cli::try_parse_from(["x", tenant]);
        let message = refused.err().expect("a tenant of nothing is refused").to_string();
        assert!(message.contains("--loki-url"), "{message}");
    }

    #[test]
    fn a_ratio_outside_zero_to_one_is_refused_with_the_range() {
        assert!((Cli::parse_from(["x", "--trace-ratio", "0.25"]).telemetry.trace_ratio - 0.25).abs() < 1e-9);
        for wrong in ["1.5", "-0.1", "NaN", "all"] {
            let refused = Cli::try_parse_from(["x", &format!("--trace-ratio={wrong}")]);
            let message = refused.err().expect("a wrong ratio is refused").to_string();
            assert!(message.contains("from 0 (no traces) to 1"), "{message}");
        }
    }
}
