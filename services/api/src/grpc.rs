//! The gRPC services of the public door.

mod artifacts;
mod dispatch;
mod forward;
mod inference;
mod jobs;
mod keys;
mod limits;
mod tools;

pub(crate) use artifacts::Artifacts;
pub(crate) use dispatch::Dispatch;
pub(crate) use inference::Inference;
pub(crate) use jobs::Jobs;
pub(crate) use keys::ApiKeys;
pub(crate) use limits::{Admission, Metrics};
pub(crate) use tools::Tools;

use ::jobs::{JobsError, Name};
use rpc::Principal;
use tonic::Extensions;

/// Whose jobs a call is about: those of the key that it came with.
fn owner(extensions: &Extensions) -> Result<Name, JobsError> {
    let principal = extensions.get::<Principal>().map(Principal::as_str).unwrap_or_default();
    Name::new("owner", principal)
}
