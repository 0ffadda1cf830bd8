//! The answer of a call.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use crate::{FederationError, cleaned};

/// Pieces of one answer. How large they are together is bounded by what was read.
const MOST_PIECES: usize = 256;
const LONGEST_URI: usize = 2048;
const LONGEST_NAME: usize = 256;
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_MEDIA_TYPE: usize = 127;
/// Addresses that mean something here, or make a browser run something.
const NOT_THEIRS: [&str; 6] = ["s3", "ondol", "javascript", "vbscript", "data", "blob"];
/// Servers leave padding out at times.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a tool answered: text of strangers, cleaned. Whatever else stood beside it, such as `_meta`, is left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The pieces.
    pub content: Vec<Piece>,
    /// The answer as a value.
    pub structured: Option<Value>,
    /// Whether the tool could not do what was asked.
    pub is_error: bool,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text.
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
    /// Something with what is in it.
    Resource {
        /// What the server calls it.
        uri: String,
        /// Its media type.
        media_type: String,
        /// What is in it.
        data: Bytes,
    },
    /// Something on the web.
    Link {
        /// Where it is.
        uri: String,
        /// What it is called.
        name: String,
        /// What it is.
        description: Option<String>,
        /// Its media type.
        media_type: Option<String>,
        /// Its size in bytes.
        size: Option<u64>,
    },
}

impl Told {
    /// Reads the result of a call.
    pub fn read(result: Value) -> Result<Self, FederationError> {
        let broken = |problem: &'static str| Err(FederationError::broken(problem));
        let Value::Object(mut result) = result else { return broken("a tool's answer is no object") };
        match result.get("resultType").map(Value::as_str) {
            None | Some(Some("complete")) => {}
            Some(Some("input_required")) => return Err(FederationError::AsksBack),
            Some(_) => return broken("a tool's answer is of a kind that was not asked for"),
        }
        let content = match result.remove("content") {
            None => Vec::new(),
            Some(Value::Array(pieces)) if pieces.len() <= MOST_PIECES => pieces,
            Some(Value::Array(_)) => return broken("a tool's answer has more than 256 pieces"),
            Some(_) => return broken("a tool's answer has content that is no list"),
        };
        let structured = result.remove("structuredContent");
        if content.is_empty() && structured.is_none() && !result.contains_key("isError") {
            // Nothing at all is an answer of tools that have nothing to say; something else is none.
            let known = |name: &String| matches!(name.as_str(), "resultType" | "_meta");
            if !result.keys().all(known) {
                return broken("a tool's answer has nothing in it that is known");
            }
        }
        Ok(Self {
            content: content.into_iter().map(piece).collect::<Result<_, _>>()?,
            structured: structured.map(value),
            is_error: result.get("isError").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

/// A value whose texts are cleaned, names of fields included.
fn value(part: Value) -> Value {
    match part {
        Value::String(text) => Value::String(cleaned(&text)),
        Value::Array(items) => items.into_iter().map(value).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (cleaned(&name), value(field))).collect())
        }
        plain => plain,
    }
}

fn piece(piece: Value) -> Result<Piece, FederationError> {
    let Value::Object(piece) = piece else {
        return Err(FederationError::broken("a piece of an answer is no object"));
    };
    match piece.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Piece::Text(cleaned(text(&piece, "text")?))),
        Some("image") => {
            Ok(Piece::Image { data: bytes(&piece, "data")?, media_type: media_type(&piece, "image/")? })
        }
        Some("audio") => {
            Ok(Piece::Audio { data: bytes(&piece, "data")?, media_type: media_type(&piece, "audio/")? })
        }
        Some("resource") => resource(&piece),
        Some("resource_link") => Ok(link(&piece)?),
        _ => Err(FederationError::broken("a piece of an answer is of a kind that is not known")),
    }
}

fn resource(piece: &Map<String, Value>) -> Result<Piece, FederationError> {
    let Some(Value::Object(resource)) = piece.get("resource") else {
        return Err(FederationError::broken("an embedded resource is missing"));
    };
    let is_text = resource.contains_key("text");
    let data = if is_text { cleaned(text(resource, "text")?).into() } else { bytes(resource, "blob")? };
    let plain = if is_text { "text/plain" } else { "application/octet-stream" };
    Ok(Piece::Resource {
        uri: uri(resource).map_or_else(|| "urn:ondol:unnamed".to_owned(), String::from),
        media_type: media_type(resource, "").unwrap_or_else(|_| plain.to_owned()),
        data,
    })
}

/// A link to the web is one; anything else can be read at that server only, and is told in words.
fn link(piece: &Map<String, Value>) -> Result<Piece, FederationError> {
    let said = text(piece, "uri")?;
    let name = cut(piece.get("name").and_then(Value::as_str).unwrap_or("link"), LONGEST_NAME);
    match uri(piece).filter(|uri| matches!(uri.scheme(), "http" | "https")) {
        Some(uri) => Ok(Piece::Link {
            uri: uri.into(),
            name,
            description: piece
                .get("description")
                .and_then(Value::as_str)
                .map(|description| cut(description, LONGEST_DESCRIPTION)),
            media_type: media_type(piece, "").ok(),
            size: piece.get("size").and_then(Value::as_u64),
        }),
        None => Ok(Piece::Text(format!("{name}: {}", cut(said, LONGEST_URI)))),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, FederationError> {
    let text = fields.get(name).and_then(Value::as_str);
    text.ok_or_else(|| FederationError::broken(format!("a piece of an answer has no {name}")))
}

fn bytes(fields: &Map<String, Value>, name: &str) -> Result<Bytes, FederationError> {
    let decoded = BASE64.decode(text(fields, name)?);
    decoded
        .map(Bytes::from)
        .map_err(|_| FederationError::broken(format!("a piece of an answer has {name} that is not base64")))
}

/// A media type, if it is one and begins like this.
fn media_type(fields: &Map<String, Value>, begins: &str) -> Result<String, FederationError> {
    let said = text(fields, "mimeType")?.to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._;= \"".contains(&byte);
    let fits = said.len() <= LONGEST_MEDIA_TYPE && said.bytes().all(plain);
    let halves = said.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if fits && halves && said.starts_with(begins) {
        return Ok(said);
    }
    Err(FederationError::broken("a piece of an answer has a media type that is not its own"))
}

/// An address that is one, and of nobody else's.
fn uri(fields: &Map<String, Value>) -> Option<Url> {
    let said = fields.get("uri").and_then(Value::as_str).filter(|uri| uri.len() <= LONGEST_URI)?;
    let uri = Url::parse(&cleaned(said)).ok()?;
    (!NOT_THEIRS.contains(&uri.scheme())).then_some(uri)
}

fn cut(text: &str, longest: usize) -> String {
    cleaned(&text.chars().take(longest).collect::<String>()).replace('\n', " ")
}

#[cfg(test)]
mod tests;
