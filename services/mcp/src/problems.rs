//! What is wrong with a configuration: all of it, so that nobody mends one mistake only to be told the next.

use fault::Chain;

use crate::McpError;

/// What was found to be wrong until now.
#[derive(Default)]
pub(crate) struct Problems(Vec<McpError>);

impl Problems {
    /// What could be made, or nothing where the error says why not.
    pub(crate) fn sift<T>(&mut self, made: Result<T, McpError>) -> Option<T> {
        made.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn add(&mut self, error: McpError) {
        self.0.push(error);
    }

    pub(crate) fn wrong(&mut self, problem: String) {
        self.add(McpError::Config(problem));
    }

    /// The error that is all of them, if there are any.
    pub(crate) fn none(&mut self) -> Result<(), McpError> {
        let mut all = std::mem::take(&mut self.0);
        match all.len() {
            0 => Ok(()),
            1 => Err(all.remove(0)),
            _ => Err(McpError::Several(all)),
        }
    }
}

/// All of them on one line, as logs have them.
pub(crate) fn in_line(errors: &[McpError]) -> String {
    let each = errors.iter().enumerate().map(|(at, error)| format!("({}) {}", at + 1, Chain(error)));
    format!("{} things are wrong: {}", errors.len(), each.collect::<Vec<_>>().join(" "))
}
