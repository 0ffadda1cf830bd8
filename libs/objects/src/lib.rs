//! The blob store: large bytes under a key, in S3 or in a folder.
//!
//! Reading order:
//! - [`Objects`] is the port: what a blob store does, and what every implementation promises.
//! - [`Key`], [`ETag`], [`ByteRange`] and [`Attributes`] are its vocabulary; what is wrong is refused when it is made.
//! - [`Object`] is an object being read, [`ObjectWriter`] one being written: both stream in bounded memory.
//! - [`S3`] is the store of a cluster, [`Folder`] that of a laptop. `tests/conformance` holds both to one suite.
//! - [`ObjectsArguments`] are the settings of both, and choose between them.
//! - [`ObjectsError`] is everything that can go wrong.
//!
//! This crate must never know about jobs, tenants, HTTP handlers or gRPC: who may read a key is decided by its callers.

mod arguments;
mod attributes;
mod checksum;
mod error;
mod etag;
mod folder;
mod intact;
mod key;
mod object;
mod options;
mod page;
mod range;
mod s3;
mod store;
mod writer;

pub use arguments::{Location, ObjectsArguments};
pub use attributes::{Attributes, ObjectInfo, Stored, VersionId};
pub use error::ObjectsError;
pub use etag::ETag;
pub use folder::Folder;
pub use key::Key;
pub use object::Object;
pub use options::{Condition, GetOptions, ListOptions, PutOptions};
pub use page::{Listed, Page, Version};
pub use range::ByteRange;
pub use s3::{S3, S3Settings};
pub use store::{Deleted, Objects, Presigned};
pub use writer::ObjectWriter;
