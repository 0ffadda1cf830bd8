//! The public door in front of a scripted llm-inference: who is let in, what goes on to the other side, and what
//! comes back. Real requests over the loopback interface.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod stand;

#[cfg(test)]
mod answering;
#[cfg(test)]
mod authenticating;
#[cfg(test)]
mod checking;
#[cfg(test)]
mod introducing;
#[cfg(test)]
mod standing;
