//! Ends of jobs as their receivers are told of them: api, the queue, a worker and mcp as they are, and a receiver on this
//! machine. No model is needed.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod receiver;
#[cfg(test)]
mod stand;

#[cfg(test)]
mod calling;
#[cfg(test)]
mod telling;
