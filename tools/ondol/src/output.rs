//! Standard output, which may be a pipe whose reader has seen enough.
//!
//! `println!` panics there. A command has nothing left to do then, and ends.

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

/// With code 0 after `| head`, which is no failure; with 1 where a disk is full, which is.
fn end(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    eprintln!("ondol: writing to standard output: {error}");
    process::exit(1);
}
