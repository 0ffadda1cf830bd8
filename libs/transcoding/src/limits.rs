//! How much a caller may send, and a service answer.

/// What prost reads: a message within a message, so many times.
pub(crate) const MAX_NESTING: usize = 100;

/// How much a caller may send, and a service answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest path with its query, in bytes.
    pub uri_bytes: usize,
    /// The most query parameters, each occurrence counted.
    pub query_parameters: usize,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// How deep JSON may be nested. More than 100 counts as 100.
    pub json_depth: usize,
    /// The largest message that is told as JSON, in bytes as protobuf has it.
    pub answer_bytes: usize,
}

impl Default for Limits {
    /// 8 KiB of path and query, 64 parameters, bodies and answers of 4 MiB as gRPC has them, and JSON nested 64 deep.
    fn default() -> Self {
        Self {
            uri_bytes: 8 * 1024,
            query_parameters: 64,
            body_bytes: 4 * 1024 * 1024,
            json_depth: 64,
            answer_bytes: 4 * 1024 * 1024,
        }
    }
}
