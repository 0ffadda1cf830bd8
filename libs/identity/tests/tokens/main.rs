//! Tokens of an issuer that publishes its keys over HTTP, on this machine: what is accepted of them, and what is not.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod issuer;

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod refusing;
