//! A progress bar on a terminal, and silence elsewhere.

use std::io::{IsTerminal, stderr};

use crate::{output::aside, text::size};

const WIDTH: usize = 32;

/// Draws how far something is, on standard error.
pub(crate) struct Bar {
    title: &'static str,
    unit: fn(u64) -> String,
    last: Option<(u64, u64)>,
    visible: bool,
}

impl Bar {
    /// A bar over bytes that shows nothing yet.
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, unit: size, last: None, visible: stderr().is_terminal() }
    }

    /// A bar over things that are counted one by one. Where nobody knows how many there are it shows how many there were.
    pub(crate) fn counting(title: &'static str) -> Self {
        Self { unit: |count| count.to_string(), ..Self::new(title) }
    }

    /// Draws again where a whole percent changed, or the count where there is no whole.
    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or_default().min(100);
        let step = if total == 0 { done } else { percent };
        if !self.visible || self.last == Some((step, total)) {
            return;
        }
        self.last = Some((step, total));
        let filled = (WIDTH as u64 * percent / 100) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH - filled));
        let (done, whole) = ((self.unit)(done), (self.unit)(total));
        if total == 0 {
            aside(format_args!("\r{} {done}  ", self.title));
        } else {
            aside(format_args!("\r{} {bar} {percent:>3} %  {done} of {whole}  ", self.title));
        }
    }
}

/// Ends the line, also where what it shows fails.
impl Drop for Bar {
    fn drop(&mut self) {
        if self.last.is_some() {
            aside(format_args!("\n"));
        }
    }
}
