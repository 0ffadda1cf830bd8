//! The command line arguments of everything in this crate.

use crate::{RuntimeArguments, SchedulerArguments};

/// What a service flattens into its own arguments.
#[derive(Clone, Debug, clap::Args)]
// Several structs of this name meet in one command, and clap wants each group to have a name of its own.
#[group(skip)]
pub struct Arguments {
    /// How the model is run.
    #[command(flatten)]
    pub runtime: RuntimeArguments,
    /// How requests are queued and scheduled.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::Arguments;

    #[test]
    fn the_defaults_are_those_of_the_settings() {
        let command = Arguments::augment_args(Command::new("test"));
        command.clone().debug_assert();
        let arguments = Arguments::from_arg_matches(&command.get_matches_from(["test"])).unwrap();
        let (given, default) = (arguments.scheduler.settings("m"), crate::Settings::new("m"));
        assert_eq!(format!("{given:?}"), format!("{default:?}"));
        assert!(arguments.runtime.options().threads > 0);
    }

    #[test]
    fn room_for_nothing_is_refused_with_what_is_expected() {
        let told = |flag: &str, value: &str| {
            let command = Arguments::augment_args(Command::new("test"));
            let line = ["test".to_owned(), format!("{flag}={value}")];
            command.try_get_matches_from(line).unwrap_err().to_string()
        };
        for flag in ["--threads", "--slots", "--context-tokens"] {
            for wrong in ["0", "-5"] {
                let told = told(flag, wrong);
                assert!(told.contains(flag) && told.contains("expected a whole number, 1 or more"), "{told}");
            }
        }
        assert!(told("--max-waiting", "-5").contains("expected a whole number, 0 or more"));
    }

    #[test]
    fn a_chunk_of_one_token_is_refused() {
        let command = Arguments::augment_args(Command::new("test"));
        assert!(command.try_get_matches_from(["test", "--prefill-chunk-tokens", "1"]).is_err());
    }
}
