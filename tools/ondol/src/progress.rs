//! A progress bar on a terminal, and silence elsewhere.

use std::io::{IsTerminal, Write, stderr};

use crate::text::size;

const WIDTH: usize = 32;

/// Draws how far something is, on standard error.
pub(crate) struct Bar {
    title: &'static str,
    last: Option<u64>,
    visible: bool,
}

impl Bar {
    /// A bar that shows nothing yet.
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, last: None, visible: stderr().is_terminal() }
    }

    /// Draws again where a whole percent changed.
    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100) / total.max(1);
        if !self.visible || self.last == Some(percent) {
            return;
        }
        self.last = Some(percent);
        let filled = (WIDTH as u64 * percent / 100) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH - filled.min(WIDTH)));
        eprint!("\r{} {bar} {percent:>3} %  {} of {}  ", self.title, size(done), size(total));
        // A bar that cannot be drawn is no reason to fail.
        let _ = stderr().flush();
    }

    /// Ends the line.
    pub(crate) fn end(self) {
        if self.last.is_some() {
            eprintln!();
        }
    }
}
