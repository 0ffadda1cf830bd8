//! What the worker does with jobs, seen from the queue, from object storage and from llm-inference.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod toolbox;

#[cfg(test)]
mod batching;
#[cfg(test)]
mod calling;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod generating;
