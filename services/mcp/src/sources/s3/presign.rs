//! `s3_presign`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use tools::{Annotations, Call, Content, Link, Output, Tool, ToolsError};

use super::{Buckets, Offer, UPSTREAM, bucket_schema, key_schema, moment, told};
use crate::{
    McpError,
    config::S3Config,
    sources::{decode, descriptor},
};

/// The longest life of a link: whoever has it has the right.
const MAX_SECONDS: u64 = 3600;
const USUAL_SECONDS: u64 = 900;

struct Presign(Arc<Buckets>);

#[derive(Deserialize)]
struct Arguments {
    bucket: String,
    key: String,
    valid_for_seconds: Option<u64>,
}

pub(super) fn offer(buckets: &Arc<Buckets>, config: &S3Config) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {
            "bucket": bucket_schema(buckets.names()),
            "key": key_schema(),
            "valid_for_seconds": {"type": "integer", "minimum": 1, "maximum": MAX_SECONDS, "description": "Default: 900."},
        },
        "required": ["bucket", "key"],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {"url": {"type": "string"}, "expires": {"type": "string"}, "size": {"type": "integer"}},
        "required": ["url", "expires", "size"],
    });
    let description = "Makes a link at which whoever has it can read one object for a while.".to_owned();
    Ok(Offer {
        descriptor: descriptor(
            "s3_presign",
            "Link to an object",
            description,
            (input, output),
            Annotations::READS,
        )?,
        tool: Arc::new(Presign(Arc::clone(buckets))),
        policy: config.policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for Presign {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        let key = bucket.readable(&asked.key)?;
        // A link to nothing would be found out only by whoever follows it.
        let info = match bucket.objects.head(&key, None).await {
            Ok(info) => info,
            Err(error) => return told(error),
        };
        let seconds = asked.valid_for_seconds.unwrap_or(USUAL_SECONDS).clamp(1, MAX_SECONDS);
        let presigned = match bucket.objects.presign_get(&key, Duration::from_secs(seconds)).await {
            Ok(presigned) => presigned,
            Err(error) => return told(error),
        };
        let structured = json!({
            "url": presigned.url,
            "expires": moment(presigned.expires),
            "size": info.size,
        });
        let link = Link {
            uri: presigned.url,
            name: key.as_str().to_owned(),
            description: None,
            media_type: info.attributes.content_type,
            size: Some(info.size),
        };
        Ok(Output { structured: Some(structured), content: vec![Content::Link(link)], is_error: false })
    }
}
