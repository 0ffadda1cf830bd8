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
    fn a_chunk_of_one_token_is_refused() {
        let command = Arguments::augment_args(Command::new("test"));
        assert!(command.try_get_matches_from(["test", "--prefill-chunk-tokens", "1"]).is_err());
    }
}
