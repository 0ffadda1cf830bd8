//! The service over stub models, seen by its callers: real requests over the loopback interface, every step of the
//! model under the test's control, and time that passes only when a test says so.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod gate;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod stopped_clock;

#[cfg(test)]
mod describing;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod generating;
#[cfg(test)]
mod limiting;
#[cfg(test)]
mod prompting;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod standing;
