//! The objects as resources. They are read and listed through `s3_get` and `s3_list`: under their switch, for their callers,
//! at their rate, on their seats, and written down like their calls.

use std::sync::Arc;

use async_trait::async_trait;
use objects::{GetOptions, ListOptions};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tools::{Call, Caller, Content, Link, Mounted, Output, Schema, Tool, ToolsError, Workshop};

use super::{Buckets, bucket_schema, key_schema};
use crate::{
    resources::{Cursor, Listing, MAX_READ, Place, Resources, Template},
    sources::decode,
};

const READING: &str = "s3_get";
const LISTING: &str = "s3_list";
const PAGE: usize = 100;
/// What a page may be: names of a hundred objects.
const MAX_PAGE: usize = 1 << 20;

/// The objects of these buckets.
pub(crate) struct ObjectResources {
    buckets: Arc<Buckets>,
    reading: Mounted,
    listing: Mounted,
}

impl ObjectResources {
    /// Beside the tools that do the same, which are among `mounted`.
    pub(crate) fn new(
        buckets: Arc<Buckets>,
        mounted: &[Mounted],
        workshop: &Workshop,
    ) -> Result<Self, ToolsError> {
        let named = |name: &str| {
            let found = mounted.iter().find(|tool| tool.descriptor.name.as_str() == name);
            found.ok_or_else(|| ToolsError::NotFound { name: name.to_owned() })
        };
        let bucket = bucket_schema(buckets.names());
        let object = |second: &str, schema: Value| {
            let mut properties = Map::new();
            properties.insert("bucket".to_owned(), bucket.clone());
            properties.insert(second.to_owned(), schema);
            Schema::of_arguments(json!({"type": "object", "properties": properties}))
        };
        let read = Arc::new(Read(Arc::clone(&buckets)));
        let reading =
            workshop.mount_beside(named(READING)?, read, (object("key", key_schema())?, None), MAX_READ)?;
        let list = Arc::new(List(Arc::clone(&buckets)));
        let schema = object("folder", json!({"type": "string"}))?;
        let listing = workshop.mount_beside(named(LISTING)?, list, (schema, None), MAX_PAGE)?;
        Ok(Self { buckets, reading, listing })
    }
}

#[async_trait]
impl Resources for ObjectResources {
    fn templates(&self, caller: &Caller) -> Vec<Template> {
        if !self.reading.is_for(caller) {
            return Vec::new();
        }
        let names = self.buckets.names().map(|name| Template {
            uri: format!("s3://{name}/{{+key}}"),
            name: name.to_owned(),
            description: Some(self.buckets.about(name)),
            media_type: None,
        });
        names.collect()
    }

    async fn list(&self, call: Call, from: Option<&str>) -> Result<Listing, ToolsError> {
        let folders: Vec<(&str, &str)> = self.buckets.folders().collect();
        let wrong = |violation| ToolsError::invalid(vec![violation]);
        let cursor = Cursor::of(from, folders.len()).map_err(wrong)?;
        let Some((bucket, folder)) = folders.get(cursor.turn) else { return Ok(Listing::default()) };
        if !self.listing.is_for(&call.caller) {
            return Ok(Listing::default());
        }
        let asked = json!({"bucket": bucket, "folder": folder, "page_token": cursor.rest});
        let page = self.listing.call(with(call, asked)).await?;
        let links = page.content.into_iter().filter_map(|piece| match piece {
            Content::Link(link) => Some(link),
            _ => None,
        });
        let next = page.structured.as_ref().and_then(|page| page.get("next")?.as_str());
        let next = cursor.next(next.map(str::to_owned), folders.len());
        Ok(Listing { links: links.collect(), next: next.map(|next| next.to_string()) })
    }

    async fn read(&self, call: Call, uri: &str) -> Result<Option<Vec<Content>>, ToolsError> {
        let Ok(Place::Object { bucket, key }) = Place::of(uri) else { return Ok(None) };
        let read = self.reading.call(with(call, json!({"bucket": bucket, "key": key}))).await?;
        Ok(Some(read.content))
    }
}

fn with(call: Call, arguments: Value) -> Call {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    Call { arguments, ..call }
}

/// A whole object, where `s3_get` reads a part.
struct Read(Arc<Buckets>);

#[derive(Deserialize)]
struct Whole {
    bucket: String,
    key: String,
}

#[async_trait]
impl Tool for Read {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Whole = decode(call.arguments)?;
        let bucket = self.0.get(&asked.bucket)?;
        let key = bucket.readable(&asked.key)?;
        let object = bucket.objects.get(&key, GetOptions::default()).await.map_err(ToolsError::inner)?;
        let media_type = object.info.attributes.content_type.clone();
        let data = object.bytes(MAX_READ as u64).await.map_err(ToolsError::inner)?;
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        let uri = format!("s3://{}/{}", asked.bucket, asked.key);
        Ok(Output {
            structured: None,
            content: vec![Content::Resource { uri, media_type, data }],
            is_error: false,
        })
    }
}

/// One page of a folder that may be read.
struct List(Arc<Buckets>);

#[derive(Deserialize)]
struct Part {
    bucket: String,
    folder: String,
    page_token: Option<String>,
}

#[async_trait]
impl Tool for List {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let Part { bucket: name, folder, page_token } = decode(call.arguments)?;
        let bucket = self.0.get(&name)?;
        bucket.listable(&folder)?;
        let options = ListOptions { page_size: PAGE, page_token, ..ListOptions::prefix(folder) };
        let page = bucket.objects.list(options).await.map_err(ToolsError::inner)?;
        let links = page.items.iter().map(|object| {
            Content::Link(Link {
                uri: format!("s3://{name}/{}", object.key),
                name: object.key.to_string(),
                description: None,
                media_type: None,
                size: Some(object.size),
            })
        });
        Ok(Output { content: links.collect(), structured: Some(json!({"next": page.next})), is_error: false })
    }
}
