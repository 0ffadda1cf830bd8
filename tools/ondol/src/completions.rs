//! `ondol completions`: completion scripts for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{cli::Cli, output};

/// Which shell.
#[derive(Args)]
#[command(after_help = "Bash: ondol completions bash > ~/.local/share/bash-completion/completions/ondol\n\
                        Zsh:  ondol completions zsh > ~/.zfunc/_ondol (with ~/.zfunc in fpath)\n\
                        Fish: ondol completions fish > ~/.config/fish/completions/ondol.fish")]
pub(crate) struct Arguments {
    /// The shell to complete for
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(arguments: &Arguments) {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "ondol", &mut script);
    output::text(format_args!("{}", String::from_utf8_lossy(&script)));
}
