//! A message as JSON.

use prost_reflect::{DynamicMessage, FieldDescriptor, SerializeOptions};
use serde_json::{Value, value::Serializer};

use crate::TranscodingError;

/// Fields that hold their default are told too, so that the shape of an answer does not change with its values, as
/// grpc-gateway has it and as the artifacts of jobs do. Fields that know absence are left out where they are absent.
const OPTIONS: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// A message.
pub(crate) fn write(message: &DynamicMessage) -> Result<Vec<u8>, TranscodingError> {
    let mut out = Vec::new();
    let written = message.serialize_with_options(&mut serde_json::Serializer::new(&mut out), &OPTIONS);
    written.map(|()| out).map_err(TranscodingError::answer)
}

/// A message, as people read it: a field on each line, in the order of the contract.
pub(crate) fn write_indented(message: &DynamicMessage) -> Result<Vec<u8>, TranscodingError> {
    indented(message, &OPTIONS)
}

/// The same with nothing but what is set.
pub(crate) fn write_set(message: &DynamicMessage) -> Result<Vec<u8>, TranscodingError> {
    indented(message, &SerializeOptions::new())
}

fn indented(message: &DynamicMessage, options: &SerializeOptions) -> Result<Vec<u8>, TranscodingError> {
    let mut out = Vec::new();
    let written = message.serialize_with_options(&mut serde_json::Serializer::pretty(&mut out), options);
    written.map(|()| out).map_err(TranscodingError::answer)
}

/// One field of a message; `null` where it is absent.
pub(crate) fn write_field(
    message: &DynamicMessage,
    field: &FieldDescriptor,
) -> Result<Vec<u8>, TranscodingError> {
    let whole = value(message)?;
    let value = whole.get(field.json_name()).unwrap_or(&Value::Null);
    serde_json::to_vec(value).map_err(TranscodingError::answer)
}

/// A message, to be read.
pub(crate) fn value(message: &DynamicMessage) -> Result<Value, TranscodingError> {
    message.serialize_with_options(Serializer, &OPTIONS).map_err(TranscodingError::answer)
}
