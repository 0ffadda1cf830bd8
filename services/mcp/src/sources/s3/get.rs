//! `s3_get`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use objects::{ByteRange, GetOptions, ObjectInfo};
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Content, Output, Tool, ToolsError};

use super::{Buckets, Offer, UPSTREAM, bucket_schema, key_schema, told};
use crate::{
    McpError,
    config::S3Config,
    sources::{decode, descriptor},
};

/// The most bytes that one call reads: enough for a model, little for us.
const MAX_LENGTH: u64 = 1 << 20;

struct Get(Arc<Buckets>);

#[derive(Deserialize)]
struct Arguments {
    bucket: String,
    key: String,
    #[serde(default)]
    offset: u64,
    length: Option<u64>,
}

pub(super) fn offer(buckets: &Arc<Buckets>, config: &S3Config) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {
            "bucket": bucket_schema(buckets.names()),
            "key": key_schema(),
            "offset": {"type": "integer", "minimum": 0, "maximum": 1_u64 << 50, "description": "The first byte. Default: 0."},
            "length": {"type": "integer", "minimum": 1, "maximum": MAX_LENGTH, "description": "How many bytes. Default: 1 MiB, the most."},
        },
        "required": ["bucket", "key"],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "size": {"type": "integer", "description": "Bytes of the whole object."},
            "offset": {"type": "integer"},
            "length": {"type": "integer"},
            "content_type": {"type": "string"},
            "text": {"type": "string", "description": "The bytes, where they are UTF-8."},
            "base64": {"type": "string", "description": "The bytes, where they are not."},
        },
        "required": ["key", "size", "offset", "length", "content_type"],
    });
    let description = "Reads an object, or a part of one: as text where it is text. Where length + offset is less than size, \
                       there is more to read."
        .to_owned();
    Ok(Offer {
        descriptor: descriptor("s3_get", "Read an object", description, (input, output), Annotations::READS)?,
        tool: Arc::new(Get(Arc::clone(buckets))),
        policy: config.policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for Get {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        let key = bucket.readable(&asked.key)?;
        let length = asked.length.unwrap_or(MAX_LENGTH).min(MAX_LENGTH);
        let last = asked.offset.saturating_add(length - 1);
        let range = ByteRange::Span { first: asked.offset, last };
        let opened = match bucket.objects.get(&key, GetOptions::range(range)).await {
            // Of nothing there is no range.
            Err(objects::ObjectsError::RangeNotSatisfiable { size: 0 }) if asked.offset == 0 => {
                bucket.objects.get(&key, GetOptions::default()).await
            }
            opened => opened,
        };
        let object = match opened {
            Ok(object) => object,
            Err(objects::ObjectsError::RangeNotSatisfiable { size }) => {
                return Ok(Output::refusal(format!(
                    "offset is beyond the object's end: it has {size} bytes"
                )));
            }
            Err(error) => return told(error),
        };
        let info = object.info.clone();
        match object.bytes(MAX_LENGTH).await {
            Ok(bytes) => Ok(answer(&info, asked.offset, bytes)),
            Err(error) => told(error),
        }
    }
}

fn answer(info: &ObjectInfo, offset: u64, bytes: Bytes) -> Output {
    let content_type = info.attributes.content_type.as_deref().unwrap_or("application/octet-stream");
    let mut structured = json!({
        "key": info.key.as_str(),
        "size": info.size,
        "offset": offset,
        "length": bytes.len(),
        "content_type": content_type,
    });
    let (field, value, content) = if let Ok(text) = std::str::from_utf8(&bytes) {
        ("text", text.to_owned(), Content::Text(text.to_owned()))
    } else {
        let is_whole = offset == 0 && bytes.len() as u64 == info.size;
        ("base64", BASE64_STANDARD.encode(&bytes), binary(info, content_type, bytes, is_whole))
    };
    if let Value::Object(fields) = &mut structured {
        fields.insert(field.to_owned(), value.into());
    }
    Output { structured: Some(structured), content: vec![content], is_error: false }
}

/// Bytes that are no text: a picture where they are a whole one.
fn binary(info: &ObjectInfo, content_type: &str, data: Bytes, is_whole: bool) -> Content {
    let media_type = content_type.to_owned();
    if is_whole && media_type.starts_with("image/") {
        Content::Image { data, media_type }
    } else {
        Content::Resource { uri: format!("s3://{}", info.key), media_type, data }
    }
}
