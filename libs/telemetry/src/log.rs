//! Log lines: what a tracing event becomes on standard output.
//!
//! One [`Line`] is gathered from the event and the spans around it, then written as [`json`] or [`text`].

mod fields;
mod gathered;
mod json;
mod layer;
mod line;
mod text;

use std::io::{self, Write};

use tracing::Level;

pub(crate) use gathered::Gathered;
pub(crate) use layer::LogLayer;
pub(crate) use line::Line;

use crate::Captured;

/// How a line is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Json,
    Text { color: bool },
}

impl Style {
    /// The line with its newline.
    fn render(self, line: &Line<'_>) -> Vec<u8> {
        let mut text = match self {
            Self::Json => json::render(line),
            Self::Text { color } => text::render(line, color).into_bytes(),
        };
        text.push(b'\n');
        text
    }
}

/// Where a line is written.
#[derive(Debug)]
pub(crate) enum Sink {
    /// What a machine reads.
    Gathered(Gathered),
    /// What a person reads.
    Stdout,
    Stderr,
    Memory(Captured),
}

impl Sink {
    /// Writes a whole line, at once or soon. A log that cannot be written is lost: there is nobody left to tell.
    fn write(&self, line: &[u8], level: Level) {
        match self {
            // The last words of a process that dies must be out before it does.
            Self::Gathered(output) => output.write(line, level <= Level::WARN),
            Self::Stdout => drop(io::stdout().lock().write_all(line)),
            Self::Stderr => drop(io::stderr().lock().write_all(line)),
            Self::Memory(captured) => captured.push(line),
        }
    }
}
