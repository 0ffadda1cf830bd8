//! Messages of the contract as JSON.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, value::Serializer};

use crate::JobviewError;

/// Writes messages in the contract's own JSON mapping, which is also what grpcurl prints: `createTime`, `STATE_RUNNING`, and
/// 64-bit numbers as text. Fields that hold their default are there too, so that the shape does not change with the values.
/// Clones share the contract.
#[derive(Clone, Debug)]
pub struct Json {
    contract: DescriptorPool,
}

impl Json {
    /// Reads the contract, which takes a while: keep it.
    pub fn new() -> Result<Self, JobviewError> {
        let contract = DescriptorPool::decode(proto::DESCRIPTORS);
        Ok(Self { contract: contract.map_err(|_| JobviewError::Contract { name: "file".to_owned() })? })
    }

    /// A message; `name` is its full name.
    pub fn write<M: Message>(&self, name: &str, message: &M) -> Result<Value, JobviewError> {
        let described = self.contract.get_message_by_name(name);
        let described = described.ok_or_else(|| JobviewError::Contract { name: name.to_owned() })?;
        let dynamic = DynamicMessage::decode(described, message.encode_to_vec().as_slice())?;
        let options = SerializeOptions::new().skip_default_fields(false);
        Ok(dynamic.serialize_with_options(Serializer, &options)?)
    }
}
