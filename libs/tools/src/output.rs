//! What a tool answers.

use bytes::Bytes;
use serde_json::Value;

/// The answer of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The answer as a value, in the shape of the tool's output schema.
    pub structured: Option<Value>,
    /// The answer for people and models.
    pub content: Vec<Content>,
    /// Whether the tool ran and failed in a way that the caller, or a model, can react to.
    pub is_error: bool,
}

impl Output {
    /// An answer that is a value, given as JSON text too, for those who read only text.
    pub fn structured(value: Value) -> Self {
        let content = vec![Content::Text(value.to_string())];
        Self { structured: Some(value), content, is_error: false }
    }

    /// An answer that is text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { structured: None, content: vec![Content::Text(text.into())], is_error: false }
    }

    /// The tool ran, and this is why there is no result: something that the caller can mend.
    pub fn refusal(reason: impl Into<String>) -> Self {
        Self { structured: None, content: vec![Content::Text(reason.into())], is_error: true }
    }

    /// How many bytes the answer is, about: what it costs to keep and to send.
    pub fn size(&self) -> usize {
        let structured = self.structured.as_ref().map_or(0, size_of_value);
        structured + self.content.iter().map(Content::size).sum::<usize>()
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text, untrusted.
    Text(String),
    /// A picture.
    Image {
        /// Its bytes.
        data: Bytes,
        /// Its media type.
        media_type: String,
    },
    /// Sound.
    Audio {
        /// Its bytes.
        data: Bytes,
        /// Its media type.
        media_type: String,
    },
    /// Something small that lies elsewhere, with what is in it.
    Resource {
        /// Where it lies.
        uri: String,
        /// Its media type.
        media_type: String,
        /// What is in it.
        data: Bytes,
    },
    /// Something that lies elsewhere.
    Link(Link),
    /// Where all of an answer lies that was too large to be handed over.
    Whole(Link),
}

/// Where a part of an answer lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where.
    pub uri: String,
    /// What it is called.
    pub name: String,
    /// What it is, for people and models.
    pub description: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

impl Content {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Image { data, .. } | Self::Audio { data, .. } | Self::Resource { data, .. } => data.len(),
            Self::Link(link) | Self::Whole(link) => link.uri.len() + link.name.len(),
        }
    }
}

/// The bytes of a value as JSON, without writing it.
fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size_of_value(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + 4 + size_of_value(value)).sum::<usize>() + 2
        }
    }
}
