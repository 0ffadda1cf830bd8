//! The gRPC services of the public door.

mod auth;
mod inference;

pub(crate) use auth::Authenticate;
pub(crate) use inference::Inference;
