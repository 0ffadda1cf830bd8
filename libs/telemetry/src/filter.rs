//! Which events are logged: how that is written, and how it changes while the process runs.

mod control;
mod directive;

use std::{collections::HashSet, fmt, str::FromStr};

use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;

pub use control::LogControl;
use directive::Directive;
pub use directive::LogFilterError;

/// The target of lines that tell how a call went. Its span says the same, so they are no events of it.
pub const ACCESS: &str = "access";

/// The target of lines that tell what somebody changed at the admin port. Every filter lets them through, as a log that was
/// silenced has to say who did it.
pub const ADMIN: &str = "ondol::admin";

/// Libraries that chat below a warning about every frame; a filter that names one hears it all the same.
const NOISY: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "rustls", "tower"];

/// The library that signs requests to Amazon. At trace it writes what it signs, the session's token included, which is
/// more than any filter may ask for.
const SIGNER: &str = "aws_sigv4";

/// The longest filter, in bytes.
pub(crate) const LONGEST: usize = 1024;

/// Which events are logged, by level and target. Shown as it was written.
#[derive(Clone, Debug)]
pub struct LogFilter {
    text: String,
    pub(crate) targets: Targets,
}

impl LogFilter {
    /// Everything there is, for tests of what is logged.
    pub(crate) fn everything() -> Self {
        let targets = Targets::new().with_default(LevelFilter::TRACE).with_target(SIGNER, LevelFilter::DEBUG);
        Self { text: "trace".to_owned(), targets }
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    /// Reads `LEVEL` and `TARGET=LEVEL`, with commas between them. Without a level of its own a target is not logged.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(LogFilterError::TooLong { bytes: text.len() });
        }
        let parts: Vec<_> = text.split(',').map(str::trim).collect();
        let asked: Vec<Directive> = parts.iter().map(|part| part.parse()).collect::<Result<_, _>>()?;
        if let Some(target) = said_twice(&asked) {
            return Err(LogFilterError::Twice { target: target.to_owned() });
        }
        let default = asked.iter().find(|directive| directive.target.is_empty());
        let default = default.map_or(LevelFilter::OFF, |directive| directive.level);
        let quiet = Targets::new()
            .with_default(default)
            .with_targets(NOISY.map(|target| (target, default.min(LevelFilter::WARN))))
            .with_target(SIGNER, default.min(LevelFilter::DEBUG));
        let named = asked.into_iter().filter(|directive| !directive.target.is_empty());
        let targets = quiet.with_targets(named.map(|directive| {
            let most =
                if directive.target.starts_with(SIGNER) { LevelFilter::DEBUG } else { LevelFilter::TRACE };
            (directive.target, directive.level.min(most))
        }));
        Ok(Self { text: parts.join(","), targets: targets.with_target(ADMIN, LevelFilter::INFO) })
    }
}

/// The first target, or the empty one for all others, that has two levels.
fn said_twice(asked: &[Directive]) -> Option<&str> {
    let mut seen = HashSet::new();
    asked.iter().map(|directive| directive.target.as_str()).find(|target| !seen.insert(*target))
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a span is followed, or an event noted in it. The log filter has no say in it: a quiet log must not cost
/// trace and request ids.
pub(crate) fn traced(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO
        && metadata.target() != ACCESS
        && !NOISY.iter().any(|noisy| metadata.target().starts_with(noisy))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::{ADMIN, LONGEST, LogFilter};

    fn read(text: &str) -> LogFilter {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_signer_signs_is_never_written() {
        for filter in
            ["trace", "info,aws_sigv4=trace", "trace,aws_sigv4::http_request::sign=trace", "aws=trace"]
        {
            let enabled = |level| read(filter).targets.would_enable("aws_sigv4::http_request::sign", &level);
            assert!(!enabled(Level::TRACE), "{filter}");
            assert_eq!(enabled(Level::DEBUG), filter != "aws=trace", "{filter}");
        }
        assert!(!LogFilter::everything().targets.would_enable("aws_sigv4", &Level::TRACE));
    }

    #[test]
    fn noisy_libraries_are_quiet_until_named() {
        let debug = read("debug");
        assert!(debug.targets.would_enable("engine", &Level::DEBUG));
        assert!(!debug.targets.would_enable("h2::codec", &Level::INFO));
        assert!(debug.targets.would_enable("h2::codec", &Level::WARN));
        assert!(read("info,h2=debug").targets.would_enable("h2::codec", &Level::DEBUG));
        for silent in ["off", "error", "engine=debug"] {
            assert!(!read(silent).targets.would_enable("h2::codec", &Level::WARN), "{silent}");
        }
    }

    #[test]
    fn a_target_has_a_level_of_its_own() {
        let filter = read("warn, engine=debug ,api::routes=off");
        assert_eq!(filter.to_string(), "warn,engine=debug,api::routes=off");
        assert!(filter.targets.would_enable("engine::scheduler", &Level::DEBUG));
        assert!(!filter.targets.would_enable("worker", &Level::INFO));
        assert!(!filter.targets.would_enable("api::routes", &Level::ERROR));
        assert!(filter.targets.would_enable("api", &Level::WARN));
    }

    #[test]
    fn who_silenced_the_log_is_told_all_the_same() {
        for silent in ["error", "off", "off,ondol::admin=off", "off,ondol=off"] {
            assert!(read(silent).targets.would_enable(ADMIN, &Level::INFO), "{silent}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place_and_what_was_expected() {
        for (wrong, named) in [
            ("inof", "`inof` is no level"),
            ("info,engine", "`engine` is no level"),
            ("info,engine=loud", "`loud`, of `engine=loud`, is no level"),
            ("info,,warn", "a part of it is empty"),
            ("", "a part of it is empty"),
            ("info,en gine=debug", "`en gine` is no target"),
            ("=debug", "`` is no target"),
            ("info,off", "two levels for all that has none of its own"),
            ("engine=info,warn,engine=debug", "two levels for `engine`"),
        ] {
            let told = wrong.parse::<LogFilter>().unwrap_err().to_string();
            assert!(told.contains(named) && told.contains("info,engine=debug"), "{wrong:?}: {told}");
        }
        let told = "x".repeat(LONGEST + 1).parse::<LogFilter>().unwrap_err().to_string();
        assert!(told.contains("1025 bytes") && told.contains("1024"), "{told}");
    }
}
