//! Stack for templates that could nest values deeply.
//!
//! The engine bounds a template's steps and memory, but it prints, compares and frees a list inside a list inside a
//! list by recursion, and a hostile template can nest some hundred thousand within its budget. That would end the
//! process. So a template that could is run on a stack that is large enough for the deepest value that its budget
//! allows; only what is touched of it becomes memory.

use std::thread;

use crate::ModelError;

/// The budget allows at most about 150,000 levels, and the hungriest operation takes under 1 KB a level.
const STACK: usize = 192 << 20;

/// Without loops that grow a value, nesting is limited by the length of the source. Published templates are shorter
/// than this, and so need no thread.
const SHORT: usize = 32 << 10;

/// Whether a template could nest values deeper than an ordinary stack bears. Only attributes of a `namespace` outlive
/// a loop's turn.
pub(super) fn is_needed(source: &str) -> bool {
    source.len() > SHORT || source.contains("namespace")
}

/// Runs `work` on a thread of its own and waits for it, which costs some ten microseconds.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, ModelError> {
    let failed = |problem: &str| ModelError::Template { line: None, problem: problem.to_owned() };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("chat-template".to_owned()).stack_size(STACK);
        let running = thread.spawn_scoped(scope, work).map_err(|_| failed("no memory for another thread"))?;
        running.join().map_err(|_| failed("the template engine failed; this is a fault of ours"))
    })
}
