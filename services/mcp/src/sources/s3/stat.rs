//! `s3_stat`.

use std::sync::Arc;

use async_trait::async_trait;
use objects::ObjectInfo;
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{Buckets, Offer, UPSTREAM, bucket_schema, key_schema, moment, told};
use crate::{
    McpError,
    config::S3Config,
    sources::{decode, descriptor},
};

struct Stat(Arc<Buckets>);

#[derive(Deserialize)]
struct Arguments {
    bucket: String,
    key: String,
}

pub(super) fn offer(buckets: &Arc<Buckets>, config: &S3Config) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {"bucket": bucket_schema(buckets.names()), "key": key_schema()},
        "required": ["bucket", "key"],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "size": {"type": "integer"},
            "etag": {"type": "string"},
            "modified": {"type": "string"},
            "content_type": {"type": "string"},
        },
        "required": ["key", "size", "etag", "modified"],
    });
    let description = "Describes one object without reading it.".to_owned();
    Ok(Offer {
        descriptor: descriptor(
            "s3_stat",
            "Describe an object",
            description,
            (input, output),
            Annotations::READS,
        )?,
        tool: Arc::new(Stat(Arc::clone(buckets))),
        policy: config.policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for Stat {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        let key = bucket.readable(&asked.key)?;
        match bucket.objects.head(&key, None).await {
            Ok(info) => Ok(Output::structured(shown(&info))),
            Err(error) => told(error),
        }
    }
}

fn shown(info: &ObjectInfo) -> Value {
    json!({
        "key": info.key.as_str(),
        "size": info.size,
        "etag": info.etag.as_str(),
        "modified": moment(info.modified),
        "content_type": info.attributes.content_type.as_deref().unwrap_or("application/octet-stream"),
    })
}
