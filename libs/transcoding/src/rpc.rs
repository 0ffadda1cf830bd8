//! One rpc, by its name: JSON to message and back, as a client needs it.

use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};

use crate::{
    Limits, TranscodingError,
    json::{Filling, read, write, write_indented},
};

/// An rpc.
#[derive(Clone, Debug)]
pub struct Rpc {
    pub(crate) method: MethodDescriptor,
    pub(crate) limits: Limits,
    path: String,
}

impl Rpc {
    pub(crate) fn new(method: MethodDescriptor, limits: Limits) -> Self {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        Self { method, limits, path }
    }

    /// Where gRPC calls it: `/package.Service/Method`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its full name, with dots alone: `package.Service.Method`.
    pub fn full_name(&self) -> &str {
        self.method.full_name()
    }

    /// Whether it answers with a stream of messages.
    pub fn streams(&self) -> bool {
        self.method.is_server_streaming()
    }

    /// Whether it takes a stream of messages, which JSON over HTTP cannot be.
    pub fn takes_stream(&self) -> bool {
        self.method.is_client_streaming()
    }

    /// A request, from JSON to the bytes of its message. No bytes at all are a message without fields.
    pub fn encode(&self, json: &[u8]) -> Result<Vec<u8>, TranscodingError> {
        let mut message = DynamicMessage::new(self.method.input());
        let mut filling = Filling::default();
        if !json.is_empty() {
            filling.whole(&mut message, &read(json, &self.limits)?);
        }
        filling.end()?;
        Ok(message.encode_to_vec())
    }

    /// An answer, from the bytes of its message to JSON on one line.
    pub fn decode(&self, message: &[u8]) -> Result<Vec<u8>, TranscodingError> {
        write(&self.answer(message)?)
    }

    /// The same on many lines, for people.
    pub fn decode_indented(&self, message: &[u8]) -> Result<Vec<u8>, TranscodingError> {
        write_indented(&self.answer(message)?)
    }

    pub(crate) fn answer(&self, message: &[u8]) -> Result<DynamicMessage, TranscodingError> {
        if message.len() > self.limits.answer_bytes {
            let problem = format_args!("it is larger than {} bytes", self.limits.answer_bytes);
            return Err(TranscodingError::answer(problem));
        }
        DynamicMessage::decode(self.method.output(), message).map_err(TranscodingError::answer)
    }
}
