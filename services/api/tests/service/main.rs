//! The public door in front of a scripted llm-inference, a queue in memory or in Redis, a scripted worker, and a folder or
//! an S3: who is let in, what goes on to the other side, and what comes back. Real requests over the loopback interface.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod house;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod worker;

#[cfg(test)]
mod creating;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod handing_out;
#[cfg(test)]
mod in_redis;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limited;
#[cfg(test)]
mod limiting;
#[cfg(test)]
mod limiting_in_redis;
#[cfg(test)]
mod metering;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod revoking;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod uploading;
#[cfg(test)]
mod watching;

#[cfg(test)]
mod answering;
#[cfg(test)]
mod authenticating;
#[cfg(test)]
mod checking;
#[cfg(test)]
mod identifying;
#[cfg(test)]
mod introducing;
#[cfg(test)]
mod speaking;
#[cfg(test)]
mod standing;

#[cfg(test)]
mod hedging;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod routed;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod shedding;
#[cfg(test)]
mod turning_away;
