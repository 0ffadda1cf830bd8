//! `s3_put`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use fault::Violation;
use objects::{Attributes, PutOptions};
use serde::Deserialize;
use serde_json::json;
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{Buckets, Offer, UPSTREAM, bucket_schema, key_schema, told};
use crate::{
    McpError,
    config::S3Config,
    sources::{decode, descriptor},
};

/// The largest text of an object: what may come in one call.
const MAX_TEXT: usize = 1 << 20;

struct Put(Arc<Buckets>);

#[derive(Deserialize)]
struct Arguments {
    bucket: String,
    key: String,
    text: Option<String>,
    base64: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    replace: bool,
}

pub(super) fn offer(buckets: &Arc<Buckets>, config: &S3Config) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {
            "bucket": bucket_schema(buckets.writable()),
            "key": key_schema(),
            "text": {"type": "string", "maxLength": MAX_TEXT, "description": "What to write, as text."},
            "base64": {"type": "string", "maxLength": MAX_TEXT, "description": "What to write, if it is not text."},
            "content_type": {"type": "string", "maxLength": 255, "description": "Default: text/plain; charset=utf-8 for text."},
            "replace": {"type": "boolean", "description": "Whether an object of this key is replaced. Default: false, which refuses."},
        },
        "required": ["bucket", "key"],
        "oneOf": [{"required": ["text"]}, {"required": ["base64"]}],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {"key": {"type": "string"}, "size": {"type": "integer"}, "etag": {"type": "string"}},
        "required": ["key", "size", "etag"],
    });
    let description = format!("Writes an object into the bucket's writable folder.\n{}", buckets.described());
    // Not idempotent: an attempt whose answer was lost would find its own object in the way.
    let annotations = Annotations { idempotent: false, ..Annotations::WRITES };
    Ok(Offer {
        descriptor: descriptor("s3_put", "Write an object", description, (input, output), annotations)?,
        tool: Arc::new(Put(Arc::clone(buckets))),
        policy: config.policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for Put {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        let key = bucket.writable(&asked.key)?;
        let (body, usual) = body(asked.text, asked.base64)?;
        let size = body.len();
        let attributes = Attributes::content_type(asked.content_type.unwrap_or_else(|| usual.to_owned()));
        let options = if asked.replace { PutOptions::default() } else { PutOptions::if_absent() };
        match bucket.objects.put(&key, body, options.with(attributes)).await {
            Ok(stored) => Ok(Output::structured(
                json!({"key": key.as_str(), "size": size, "etag": stored.etag.as_str()}),
            )),
            Err(error) => told(error),
        }
    }
}

/// The bytes, and the media type that they have unless something else is said.
fn body(text: Option<String>, base64: Option<String>) -> Result<(Bytes, &'static str), ToolsError> {
    match (text, base64) {
        (Some(text), _) => Ok((text.into(), "text/plain; charset=utf-8")),
        (None, encoded) => {
            let bytes = BASE64_STANDARD.decode(encoded.unwrap_or_default()).map_err(|error| {
                ToolsError::invalid(vec![Violation::new(
                    "arguments.base64",
                    format!("is not Base64: {error}"),
                )])
            })?;
            Ok((bytes.into(), "application/octet-stream"))
        }
    }
}
