//! What the stacks do, seen from outside: over an in-memory network and in paused time, except for TLS.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod frames;
#[cfg(test)]
mod harness;

#[cfg(test)]
mod arriving;
#[cfg(test)]
mod balancing;
#[cfg(test)]
mod context;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod ejection;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod http1;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lingering;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod observing;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod refused_early;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod stalls;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod turning_away;
