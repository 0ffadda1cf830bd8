//! The command line arguments for limits.

use std::path::PathBuf;

use arguments::SettingsFile;
use clap::{Args, ValueEnum};

use crate::{AccountsError, LimitTable};

/// What limits hold, and what becomes of them without Redis.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
// A program may have arguments of this name for its queue as well.
#[group(id = "accounts_limits")]
pub struct LimitArguments {
    /// A TOML file with limits: tables `global`, `keys` (of each key without its own) and `models."NAME or BEGINNING*"`,
    /// in each as needed `requests_per_minute`, `tokens_per_minute`, `requests_per_day`, `tokens_per_day`,
    /// `requests_per_month`, `tokens_per_month` and `concurrency` [default: no limits but those of keys]
    #[arg(long, env = "ONDOL_LIMITS_FILE", value_name = "FILE")]
    pub limits_file: Option<PathBuf>,
    /// What happens to limited requests while Redis is away: `closed` refuses them; `open` lets each replica count by
    /// itself, to its part of each limit
    #[arg(long, env = "ONDOL_LIMITS_WHEN_AWAY", value_enum, default_value_t = Choice::Closed)]
    pub limits_when_away: Choice,
    /// How many replicas share the limits while each counts by itself
    #[arg(long, env = "ONDOL_LIMITS_REPLICAS", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub limits_replicas: u64,
}

/// As it is written on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Refuse.
    #[default]
    Closed,
    /// Count alone.
    Open,
}

/// What happens to limited requests while the counters are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAway {
    /// They are refused, to be tried again.
    Closed,
    /// Each replica counts by itself, from nothing, to its part of each limit, and what it counts is forgotten when the
    /// counters are back.
    Open {
        /// How many share the limits.
        replicas: u64,
    },
}

impl LimitArguments {
    /// The table that was asked for, read and checked; an empty one without a file.
    pub fn table(&self) -> Result<LimitTable, AccountsError> {
        let Some(path) = &self.limits_file else { return Ok(LimitTable::default()) };
        let file = SettingsFile::new("--limits-file", path);
        LimitTable::from_toml(&file.text()?).map_err(|flaw| file.wrong(flaw).into())
    }

    /// What was asked for.
    pub fn when_away(&self) -> WhenAway {
        match self.limits_when_away {
            Choice::Closed => WhenAway::Closed,
            Choice::Open => WhenAway::Open { replicas: self.limits_replicas.max(1) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use fault::Chain;

    use super::{LimitArguments, WhenAway};
    use crate::LimitTable;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: LimitArguments,
    }

    fn parse(arguments: &[&str]) -> LimitArguments {
        Command::parse_from([&["program"], arguments].concat()).limits
    }

    #[test]
    fn without_a_word_nothing_is_limited_and_nothing_is_open() {
        let said = parse(&[]);
        assert_eq!((said.table().unwrap(), said.when_away()), (LimitTable::default(), WhenAway::Closed));
        let open = parse(&["--limits-when-away", "open", "--limits-replicas", "4"]);
        assert_eq!(open.when_away(), WhenAway::Open { replicas: 4 });
        assert!(Command::try_parse_from(["program", "--limits-replicas", "0"]).is_err());
    }

    #[test]
    fn a_file_is_read_or_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("limits.toml");
        let said = parse(&["--limits-file", path.to_str().unwrap()]);
        let named = format!("--limits-file {}", path.display());
        let told = || Chain(&said.table().unwrap_err()).to_string();
        assert!(told().starts_with(&format!("{named}: cannot be read: No such file")), "{}", told());
        fs::write(&path, "[global]\nconcurrency = 5\n").unwrap();
        assert_eq!(said.table().unwrap().global.concurrency, Some(5));
        fs::write(&path, "#".repeat(2 << 20)).unwrap();
        assert_eq!(told(), format!("{named}: cannot be read: larger than 1 MiB"));
        fs::write(&path, "[global]\nconcurrency = 0\n").unwrap();
        assert!(
            told().starts_with(&format!("{named}, line 2: global.concurrency: expected 1 to ")),
            "{}",
            told()
        );
        fs::write(&path, "[keys]\nrequests_per_minute = \"a\"\n").unwrap();
        let expected = "keys.requests_per_minute: expected a whole number, 0 or more, found a string";
        assert_eq!(told(), format!("{named}, line 2: {expected}"));
    }
}
