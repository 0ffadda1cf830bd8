//! JSON over HTTP in front of a gRPC service: a tower layer. Which request is which rpc, and protobuf's JSON, are the business of
//! `transcoding`; here is the way in and out.
//!
//! - [`TranscodeLayer`] is the layer, [`Transcode`] the service that it makes.
//! - [`error_document`] is how an error looks in JSON, here and wherever else HTTP is answered.
//!
//! Inside, `call` is a request's body: it becomes a message when the inner service asks for it, which is after that has looked
//! at the headers. So nobody's body is read before his key is known, and whatever the inner service does for gRPC (limits,
//! deadlines, logs, figures) it does for JSON too, once. `frames` takes gRPC's answer apart; `unary` and `events` tell it, as
//! one document or as a stream of them. `status` reads how a call ended, `refusal` tells errors; `headers` says what passes,
//! `accept` how a stream is written.
//!
//! This crate must never know one of our own messages, or whose gRPC it stands in front of.

mod accept;
mod call;
mod error_document;
mod events;
mod frames;
mod headers;
mod layer;
mod refusal;
mod status;
mod unary;

pub use error_document::{bad_request, error_document, error_info, quota_failure, retry_info};
pub use layer::{BoxError, JsonBody, Transcode, TranscodeLayer};
pub use status::http_status;
