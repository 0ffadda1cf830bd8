//! Tools and answers in the protocol's words.

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use fault::{Fault, Kind, Rounded};
use rmcp::{
    ErrorData,
    model::{
        CallToolResponse, CallToolResult, ContentBlock, MetaObject, Resource, ResourceContents, Tool,
        ToolAnnotations,
    },
};
use serde_json::{Map, Value, json};
use tools::{Content, Link, Mounted, Output, Schema, ToolsError};

/// A tool as it is listed.
pub(super) fn tool(tool: &Mounted) -> Tool {
    let (about, hints) = (&tool.descriptor, tool.descriptor.annotations);
    let mut listed = Tool::new(about.name.to_string(), about.description.clone(), object(&about.input));
    listed.title.clone_from(&about.title);
    listed.output_schema = about.output.as_ref().map(|schema| object(schema).into());
    listed.with_annotations(
        ToolAnnotations::new()
            .read_only(hints.read_only)
            .destructive(hints.destructive)
            .idempotent(hints.idempotent)
            .open_world(hints.open_world),
    )
}

fn object(schema: &Schema) -> Map<String, Value> {
    schema.as_value().as_object().cloned().unwrap_or_default()
}

/// What became of a call. Whatever a model could react to is an answer; only a tool that is not there is an error of the
/// protocol.
pub(super) fn response(answered: Result<Output, ToolsError>) -> Result<CallToolResponse, ErrorData> {
    match answered {
        Ok(answer) => Ok(result(answer).into()),
        Err(error) if matches!(error, ToolsError::NotFound { .. } | ToolsError::Forbidden { .. }) => {
            Err(ErrorData::invalid_params(error.public_message().into_owned(), None))
        }
        Err(error) => Ok(told(&error).into()),
    }
}

fn result(answer: Output) -> CallToolResult {
    let content = answer.content.into_iter().map(block).collect();
    let mut result =
        if answer.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = answer.structured;
    result
}

/// Why there is no result, as an answer.
pub(super) fn refusal(why: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(why)])
}

/// A fault as an answer: in words, and for programs in `_meta`.
fn told(error: &ToolsError) -> CallToolResult {
    let mut text = error.public_message().into_owned();
    let mut meta = MetaObject::new();
    meta.insert("ondol/reason".to_owned(), error.reason().into());
    if let Some(wait) = error.retry_after() {
        let _ = write!(text, " (try again in {})", Rounded(wait));
        meta.insert("ondol/retryAfterMs".to_owned(), (wait.as_millis() as u64).into());
    }
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.meta = Some(meta);
    result
}

pub(super) fn block(piece: Content) -> ContentBlock {
    match piece {
        Content::Text(text) => ContentBlock::text(text),
        Content::Image { data, media_type } => ContentBlock::image(BASE64_STANDARD.encode(data), media_type),
        Content::Audio { data, media_type } => ContentBlock::audio(BASE64_STANDARD.encode(data), media_type),
        Content::Resource { uri, media_type, data } => {
            ContentBlock::resource(contents(uri, media_type, &data))
        }
        Content::Link(link) | Content::Whole(link) => ContentBlock::resource_link(resource(link)),
    }
}

pub(super) fn resource(link: Link) -> Resource {
    let mut resource = Resource::new(link.uri, link.name);
    resource.description = link.description;
    resource.mime_type = link.media_type;
    resource.size = link.size;
    resource
}

/// Bytes as the protocol carries them: text where they are text.
pub(super) fn contents(uri: String, media_type: String, data: &[u8]) -> ResourceContents {
    match std::str::from_utf8(data) {
        Ok(text) => ResourceContents::text(text, uri).with_mime_type(media_type),
        Err(_) => ResourceContents::blob(BASE64_STANDARD.encode(data), uri).with_mime_type(media_type),
    }
}

/// A request that breaks the contract, as an error of the protocol.
pub(super) fn refused(error: &dyn Fault) -> ErrorData {
    ErrorData::invalid_params(error.public_message().into_owned(), None)
}

/// Any fault, as an error of the protocol: for what is not a call of a tool.
pub(super) fn failed(error: &dyn Fault) -> ErrorData {
    let message = error.public_message().into_owned();
    match error.kind() {
        Kind::NotFound | Kind::PermissionDenied => ErrorData::resource_not_found(message, None),
        Kind::InvalidArgument => ErrorData::invalid_params(message, None),
        _ => {
            let wait = error.retry_after().map(|wait| wait.as_millis() as u64);
            let data = json!({"reason": error.reason(), "retryAfterMs": wait});
            ErrorData::internal_error(message, Some(data))
        }
    }
}
