//! The durable job queue: work that leaves the request path and is not lost.
//!
//! - [`Queue`] is the port. [`MemoryQueue`] keeps it in one process, [`RedisQueue`] in Redis for many; one suite of
//!   tests (`tests/conformance`) says what both promise.
//! - [`NewJob`] goes in, [`Claimed`] comes out under a lease, and its [`Ticket`] ends it. Every claim has a fence, a
//!   number that no other claim of the job has, so whatever a late worker says is refused.
//! - [`Heart`] keeps leases alive from a thread of its own and says when one is lost or its job cancelled.
//! - [`Room`] bounds what a worker runs at once, and says how many jobs to claim: a few ahead where runs are short.
//! - [`Limits`] bound the queue in count, time and memory; [`Policies`] say how often and when a failed job runs again.
//! - [`Schedule`] is a job that starts by the clock, [`Sequel`] one that starts at the end of another.
//! - [`RedisArguments`] and [`LimitArguments`] are the command line; [`Metrics`] is what Prometheus sees.
//!
//! The life of a job, each arrow one atomic step:
//!
//! ```text
//!            ┌─► parked ─┐ (its tenant is at its cap)
//! enqueue ───┼───────────┴─► ready ──claim──► running ──finish──► done | dead | cancelled
//!            └─► delayed ────▲  ▲                │ └─ failed: delayed again, or dead
//!                            │  └── release, reap┘ (the worker went away; the third time: dead)
//!                            └── requeue (a dead job)
//! ```
//!
//! This crate must never know about a transport, a model or object storage: payloads, headers, progress and results
//! are bytes and words to it, and a payload above 64 KiB is somebody else's upload and a reference here.

mod ahead;
mod arguments;
mod claim;
mod coalesce;
mod error;
mod event;
mod heart;
mod job;
mod limits;
mod listing;
mod memory;
mod metrics;
mod name;
mod policy;
mod queue;
mod redis;
mod room;
mod schedule;
mod sequel;
mod stats;
mod wire;

pub use arguments::LimitArguments;
pub use claim::{Beat, ClaimRequest, Claimed, Finish, Outcome, Pulse, Receipt, Ticket};
pub use error::JobsError;
pub use event::{Event, Events, Happening};
pub use heart::{Ended, Heart, Held, Timing};
pub use job::{Enqueued, Idempotency, Job, JobId, NewJob, Payload, Priority, State};
pub use limits::{Limits, Settings, TenantLimits};
pub use listing::{Filter, Page};
pub use memory::MemoryQueue;
pub use metrics::Metrics;
pub use name::Name;
pub use policy::{Policies, Policy};
pub use queue::{Answer, Cancellation, Queue, Reaped, Scope, Swept};
pub use redis::{RedisArguments, RedisOptions, RedisQueue, Topology};
pub use room::{Room, Seat};
pub use schedule::{Missed, Schedule};
pub use sequel::{Origin, Sequel};
pub use stats::{KindStats, Stats};
