//! The gRPC services over the catalogue.

mod inference;

pub(crate) use inference::Inference;
