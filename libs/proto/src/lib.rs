//! Generated messages, clients and servers of the contract in `proto/`, and nothing else.
//!
//! [`inference`] is `ondol.inference`, and so on; [`DESCRIPTORS`] feeds gRPC reflection. Conversions between these types and a
//! crate's own live with that crate, in a module called `convert`.

#![expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::default_trait_access,
    clippy::doc_markdown,
    clippy::excessive_nesting,
    clippy::large_enum_variant,
    clippy::struct_excessive_bools,
    clippy::too_many_lines,
    reason = "generated"
)]

/// The encoded `FileDescriptorSet` of every package, comments included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// `ondol.inference`: text generation and models.
pub mod inference {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("ondol.inference.v1");
    }
}

/// `ondol.admin`: what operators do.
pub mod admin {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("ondol.admin.v1");
    }
}

/// `ondol.artifacts`: what jobs made, and what they are given.
pub mod artifacts {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("ondol.artifacts.v1");
    }
}

/// `ondol.jobs`: work that outlives a request.
pub mod jobs {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("ondol.jobs.v1");
    }
}

/// `ondol.tools`: what models and programs can call.
pub mod tools {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("ondol.tools.v1");
    }
}
