//! A variable of the environment that a library reads in this very process.

use std::{
    env,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::Command,
};

/// Sees to it that the environment holds a variable, whatever its value: a program that was started without it is started once
/// more with it, as the same process. To write it in place would not be safe, since libraries read it from threads of their own.
///
/// Call it first in `main`: what was done before is done again.
pub fn with_variable(name: &str, value: &str) {
    #[expect(clippy::disallowed_methods, reason = "it is a library's variable and no setting of ours")]
    let is_there = env::var_os(name).is_some();
    if is_there {
        return;
    }
    let again = env::current_exe().map(|program| {
        let mut arguments = env::args_os();
        let mut command = Command::new(program);
        if let Some(called) = arguments.next() {
            command.arg0(called);
        }
        command.args(arguments).env(name, value).exec()
    });
    // Only a failure comes back, and is no reason not to run.
    let (Ok(failure) | Err(failure)) = again;
    let _ = writeln!(io::stderr(), "{name}={value} could not be set ({failure}); set it in the environment");
}
