//! What becomes of answers that are too large to be handed over.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use objects::{Attributes, Key, Objects, ObjectsError, PutOptions};
use serde_json::json;
use uuid::Uuid;

use super::around::{Around, Below};
use crate::{Call, Content, Link, Output, ToolsError, call::digest};

/// How long a link to a large answer works.
const LINK_LIFE: Duration = Duration::from_hours(1);
/// How much of it comes along, for models to see what it is.
const PREVIEW_BYTES: usize = 2048;

/// Where large answers are put.
#[derive(Clone, Debug)]
pub struct Overflow {
    objects: Arc<dyn Objects>,
}

impl Overflow {
    /// Under `tools/` of this store.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    /// The folder of one caller's answers: by digest, since a principal need not be a valid part of a key.
    pub fn folder(principal: &str) -> String {
        format!("tools/{}/", digest(principal))
    }

    /// Puts an answer away, and answers with where it is and how it begins.
    async fn put_away(&self, tool: &str, principal: &str, answer: &Output) -> Result<Output, ObjectsError> {
        let (body, media_type, ending) = written(answer);
        let size = body.len() as u64;
        let preview = preview(&body);
        let name = format!("{tool}-{}.{ending}", Uuid::now_v7().simple());
        let key = Key::new(format!("{}{name}", Self::folder(principal)))?;
        let options =
            PutOptions { attributes: Attributes::content_type(media_type), ..PutOptions::default() };
        self.objects.put(&key, body, options).await?;
        let uri = match self.objects.presign_get(&key, LINK_LIFE).await {
            Ok(presigned) => presigned.url,
            // A folder signs nothing: there the answer is read as a resource.
            Err(ObjectsError::Unsupported { .. }) => format!("ondol://{key}"),
            Err(error) => return Err(error),
        };
        let link = Link {
            uri: uri.clone(),
            name,
            description: Some(format!("the whole answer of {tool}, {size} bytes")),
            media_type: Some(media_type.to_owned()),
            size: Some(size),
        };
        let mut told = format!("The answer is {size} bytes and lies at the link. It begins:\n");
        let _ = write!(told, "{preview}");
        let structured = answer.structured.as_ref();
        Ok(Output {
            structured: structured
                .map(|_| json!({"overflow": {"uri": uri, "size": size, "preview": preview}})),
            content: vec![Content::Text(told), Content::Whole(link)],
            is_error: answer.is_error,
        })
    }
}

/// An answer as one file.
fn written(answer: &Output) -> (Bytes, &'static str, &'static str) {
    if let Some(value) = &answer.structured {
        return (value.to_string().into(), "application/json", "json");
    }
    if let [Content::Image { data, .. } | Content::Audio { data, .. } | Content::Resource { data, .. }] =
        answer.content.as_slice()
    {
        return (data.clone(), "application/octet-stream", "bin");
    }
    let mut text = String::new();
    for piece in &answer.content {
        if let Content::Text(piece) = piece {
            text.push_str(piece);
        }
    }
    (text.into(), "text/plain; charset=utf-8", "txt")
}

fn preview(body: &[u8]) -> String {
    let beginning = body.get(..PREVIEW_BYTES).unwrap_or(body);
    String::from_utf8_lossy(beginning).trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned()
}

/// Holds answers to a size.
pub(crate) struct Held {
    tool: String,
    limit: usize,
    overflow: Option<Overflow>,
}

impl Held {
    pub(crate) fn new(tool: &str, limit: usize, overflow: Option<Overflow>) -> Self {
        Self { tool: tool.into(), limit, overflow }
    }

    async fn hold(&self, principal: &str, answer: Output) -> Result<Output, ToolsError> {
        let size = answer.size();
        if size <= self.limit {
            return Ok(answer);
        }
        let Some(overflow) = &self.overflow else {
            return Err(ToolsError::TooLarge { name: self.tool.clone(), size, limit: self.limit });
        };
        overflow.put_away(&self.tool, principal, &answer).await.map_err(ToolsError::inner)
    }
}

impl Around for Held {
    async fn around<S: Below>(self: Arc<Self>, call: Call, mut rest: S) -> Result<Output, ToolsError> {
        let principal = Arc::clone(&call.caller.principal);
        self.hold(&principal, rest.call(call).await?).await
    }
}
