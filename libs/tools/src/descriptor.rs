//! What callers are told about a tool.

use std::{fmt, sync::Arc};

use fault::Violation;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Schema, ToolsError};

const MAX_NAME: usize = 64;

/// A tool's name: 1 to 64 of `A-Z a-z 0-9 _ -`, which the Model Context Protocol and the function calls of models both
/// take.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolName(Arc<str>);

impl ToolName {
    /// The name, if it can be one.
    pub fn new(name: &str) -> Result<Self, ToolsError> {
        let fits = (1..=MAX_NAME).contains(&name.len());
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if fits && plain {
            return Ok(Self(name.into()));
        }
        Err(ToolsError::invalid(vec![Violation::new(
            "name",
            "expected 1 to 64 characters out of A-Z, a-z, 0-9, _ and -",
        )]))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a tool does to the world, as hints for whoever decides whether to ask a person first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol's four independent hints")]
pub struct Annotations {
    /// It changes nothing.
    pub read_only: bool,
    /// What it changes may be lost.
    pub destructive: bool,
    /// Calling it again with the same arguments changes nothing more: such calls are retried.
    pub idempotent: bool,
    /// It reaches things that are not ours.
    pub open_world: bool,
}

impl Annotations {
    /// Reads, and nothing else.
    pub const READS: Self = Self { read_only: true, destructive: false, idempotent: true, open_world: false };
    /// Writes what can be written again.
    pub const WRITES: Self =
        Self { read_only: false, destructive: true, idempotent: true, open_world: false };
    /// The cautious guess about a tool of which nothing is known.
    pub const UNKNOWN: Self =
        Self { read_only: false, destructive: true, idempotent: false, open_world: true };
}

/// What callers are told about a tool.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// How it is called.
    pub name: ToolName,
    /// How it is shown to people.
    pub title: Option<String>,
    /// What it does and when to use it, for models and people.
    pub description: String,
    /// What it takes: an object.
    pub input: Schema,
    /// What it answers, where that has a shape.
    pub output: Option<Schema>,
    /// What it does to the world.
    pub annotations: Annotations,
}

impl Descriptor {
    /// SHA-256 of all that callers are told, in hexadecimal: changes whenever a word of it does.
    pub fn digest(&self) -> String {
        let mut told = json!({
            "name": self.name.as_str(),
            "title": self.title,
            "description": self.description,
            "input": self.input.as_value(),
            "output": self.output.as_ref().map(Schema::as_value),
            "annotations": {
                "read_only": self.annotations.read_only,
                "destructive": self.annotations.destructive,
                "idempotent": self.annotations.idempotent,
                "open_world": self.annotations.open_world,
            },
        });
        digest(&mut told)
    }
}

/// SHA-256 of a value in hexadecimal, whatever the order of its fields.
pub(crate) fn digest(value: &mut Value) -> String {
    value.sort_all_objects();
    hex::encode(Sha256::digest(value.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Annotations, Descriptor, ToolName};
    use crate::Schema;

    fn told(description: &str, properties: &serde_json::Value) -> Descriptor {
        Descriptor {
            name: ToolName::new("search").unwrap(),
            title: None,
            description: description.to_owned(),
            input: Schema::of_arguments(json!({"type": "object", "properties": properties})).unwrap(),
            output: None,
            annotations: Annotations::READS,
        }
    }

    #[test]
    fn names_fit_both_protocols() {
        for good in ["a", "s3_get", "github__create-issue", "A1", &"x".repeat(64)] {
            assert!(ToolName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a.b", "a/b", "é", "a\n", &"x".repeat(65)] {
            assert!(ToolName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_digest_follows_every_word_but_not_the_order() {
        let first = told("finds", &json!({"a": {"type": "string"}, "b": {"type": "integer"}}));
        let turned = told("finds", &json!({"b": {"type": "integer"}, "a": {"type": "string"}}));
        let other = told("finds!", &json!({"a": {"type": "string"}, "b": {"type": "integer"}}));
        assert_eq!(first.digest(), turned.digest());
        assert_ne!(first.digest(), other.digest());
        assert_eq!(first.digest().len(), 64);
    }
}
