//! `s3_list`.

use std::sync::Arc;

use async_trait::async_trait;
use objects::{ListOptions, Listed};
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{Buckets, Offer, UPSTREAM, bucket_schema, moment, told};
use crate::{
    McpError,
    config::S3Config,
    sources::{decode, descriptor},
};

struct List(Arc<Buckets>);

#[derive(Deserialize)]
struct Arguments {
    bucket: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    page_size: usize,
    page_token: Option<String>,
}

pub(super) fn offer(buckets: &Arc<Buckets>, config: &S3Config) -> Result<Offer, McpError> {
    let description = format!(
        "Lists objects in a bucket by the beginning of their keys, and the folders below it.\n{}",
        buckets.described()
    );
    let input = json!({
        "type": "object",
        "properties": {
            "bucket": bucket_schema(buckets.names()),
            "prefix": {"type": "string", "maxLength": 1024, "description": "How the keys begin, such as reports/2026/."},
            "recursive": {"type": "boolean", "description": "All levels below, instead of one. Default: false."},
            "page_size": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Default: 1000."},
            "page_token": {"type": "string", "description": "next_page_token of the page before."},
        },
        "required": ["bucket", "prefix"],
        "additionalProperties": false,
    });
    let object = json!({
        "type": "object",
        "properties": {"key": {"type": "string"}, "size": {"type": "integer"}, "modified": {"type": "string"}},
        "required": ["key", "size", "modified"],
    });
    let output = json!({
        "type": "object",
        "properties": {
            "objects": {"type": "array", "items": object},
            "folders": {"type": "array", "items": {"type": "string"}},
            "next_page_token": {"type": "string"},
        },
        "required": ["objects", "folders"],
    });
    Ok(Offer {
        descriptor: descriptor("s3_list", "List objects", description, (input, output), Annotations::READS)?,
        tool: Arc::new(List(Arc::clone(buckets))),
        policy: config.policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for List {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        bucket.listable(&asked.prefix)?;
        let options = ListOptions {
            prefix: asked.prefix,
            by_folder: !asked.recursive,
            page_size: asked.page_size,
            page_token: asked.page_token,
        };
        let page = match bucket.objects.list(options).await {
            Ok(page) => page,
            Err(error) => return told(error),
        };
        let objects: Vec<_> = page.items.iter().map(shown).collect();
        let mut answer = json!({"objects": objects, "folders": page.folders});
        if let (Some(next), Value::Object(fields)) = (page.next, &mut answer) {
            fields.insert("next_page_token".to_owned(), next.into());
        }
        Ok(Output::structured(answer))
    }
}

fn shown(object: &Listed) -> Value {
    json!({"key": object.key.as_str(), "size": object.size, "modified": moment(object.modified)})
}
