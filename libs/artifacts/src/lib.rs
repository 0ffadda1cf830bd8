//! Where the results of jobs lie in object storage, and who may read them.
//!
//! api reads what workers write, and they meet nowhere else: this crate is what both know about it.
//!
//! ```text
//! generated/<job>/<fence>/<artifact>   written by one run; a late worker writes under its own, older fence
//! generated/<job>/manifest.json        which run counts, what it made and whose it is: what makes it public
//! uploads/<owner>/<upload>             the input of jobs, until a lifecycle rule removes it
//! payloads/<id>                        requests too large for the queue
//! scratch/<job>/…                      what a run keeps for the next one, removed at its end
//! ```
//!
//! - [`ArtifactName`] and [`Manifest`] are the vocabulary.
//! - [`Shelf`] is the store seen this way: [`Shelf::publish`] after the queue has accepted a run's end,
//!   [`Shelf::manifest`] to find it.
//!
//! This crate must never know about the queue's own records, gRPC or HTTP.

mod error;
mod layout;
mod manifest;
mod name;
mod shelf;

pub use error::ArtifactsError;
pub use layout::{PUBLISHED_HEADER, Upload, artifact_key, payload_key, scratch_prefix};
pub use manifest::{Artifact, Manifest};
pub use name::ArtifactName;
pub use shelf::Shelf;
