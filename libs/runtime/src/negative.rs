//! Negative numbers on a command line.

use clap::Command;

/// Has every flag that takes a value take a negative number for one, so that the flag itself says what it expects.
/// Without it, `--max-concurrency -5` is an unexpected argument called `-5`.
#[must_use]
pub fn with_negative_numbers(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let takes_value = !argument.is_positional() && argument.get_action().takes_values();
        if takes_value { argument.allow_negative_numbers(true) } else { argument }
    });
    command.mut_subcommands(with_negative_numbers)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::with_negative_numbers;

    fn told(line: &[&str]) -> String {
        let most = || Arg::new("most").long("most").value_parser(arguments::positive::<u32>);
        let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
        let within = Command::new("within").arg(most());
        let command = Command::new("x").args([most(), quiet, Arg::new("name")]).subcommand(within);
        with_negative_numbers(command).try_get_matches_from(line).unwrap_err().to_string()
    }

    #[test]
    fn a_flag_says_itself_what_is_wrong_with_a_negative_number() {
        for line in [&["x", "--most", "-5"][..], &["x", "within", "--most", "-5"]] {
            let told = told(line);
            assert!(told.contains("--most") && told.contains("expected a whole number, 1 or more"), "{told}");
        }
        assert!(told(&["x", "--quiet", "-5"]).contains("unexpected argument '-5'"));
    }
}
