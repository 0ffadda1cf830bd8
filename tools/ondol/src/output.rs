//! Standard output and standard error, which may be pipes whose readers have seen enough.
//!
//! `println!` and `eprintln!` panic there. Without a reader of its output a command has nothing left to do, and ends; what
//! it says beside that is for whoever listens.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
    process,
};

/// Prints a line, as `println!` does, and ends the process when nobody reads any more.
macro_rules! say {
    () => { $crate::output::text(format_args!("\n")) };
    ($($argument:tt)*) => { $crate::output::text(format_args!("{}\n", format_args!($($argument)*))) };
}
pub(crate) use say;

/// Says a line on standard error, as `eprintln!` does, to nobody where nobody listens.
macro_rules! tell {
    ($($argument:tt)*) => { $crate::output::aside(format_args!("{}\n", format_args!($($argument)*))) };
}
pub(crate) use tell;

/// Prints text at once, without a line's end of its own.
pub(crate) fn text(text: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        end(&error);
    }
}

/// Writes bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        end(&error);
    }
}

/// Says text on standard error at once, without a line's end of its own.
pub(crate) fn aside(text: fmt::Arguments<'_>) {
    let mut out = io::stderr().lock();
    // Nobody is left to be told that nobody listens.
    let _ = out.write_fmt(text).and_then(|()| out.flush());
}

/// With code 0 after `| head`, which is no failure; with 1 where a disk is full, which is.
fn end(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    tell!("ondol: writing to standard output: {error}");
    process::exit(1);
}
