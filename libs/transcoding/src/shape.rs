//! What an rpc takes and answers, for people: an example, and what the proto files say of each field.

mod example;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::{
    Rpc, TranscodingError,
    comments::{Comments, summary},
    json::{is_known, write_set},
};
use example::Example;

/// A message, as people want to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its full name.
    pub name: String,
    /// One as indented JSON, with everything that it can hold at the same time; lists and maps have one entry.
    pub example: String,
    /// Its fields, and those within them.
    pub fields: Vec<FieldShape>,
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldShape {
    /// Where it stands, as JSON has it: `messages[].role`, `labels.*`.
    pub path: String,
    /// Its type as the proto files have it, or the names that it can have.
    pub kind: String,
    /// What is said of it, on one line.
    pub comment: String,
}

impl Rpc {
    /// What the proto files say of it.
    pub fn comment(&self) -> String {
        let file = self.method.parent_file();
        Comments::of_file(&file).at(&file, self.method.path()).to_owned()
    }

    /// The first sentence of that.
    pub fn summary(&self) -> String {
        summary(&self.comment())
    }

    /// What it takes. What is marked as `Output.` is left out: it would be ignored.
    pub fn takes(&self) -> Result<Shape, TranscodingError> {
        shape(&self.method.input(), true)
    }

    /// What it answers.
    pub fn answers(&self) -> Result<Shape, TranscodingError> {
        shape(&self.method.output(), false)
    }
}

fn shape(message: &MessageDescriptor, is_request: bool) -> Result<Shape, TranscodingError> {
    let reading = Reading { comments: Comments::of(message.parent_pool()), is_request };
    let example = String::from_utf8_lossy(&write_set(&Example::new(&reading).of(message))?).into_owned();
    let mut fields = Vec::new();
    reading.fields(message, "", &mut Vec::new(), &mut fields);
    Ok(Shape { name: message.full_name().to_owned(), example, fields })
}

/// What is told of messages.
struct Reading {
    comments: Comments,
    is_request: bool,
}

impl Reading {
    /// Whether a field is told at all.
    fn shows(&self, field: &FieldDescriptor) -> bool {
        !(self.is_request && self.comments.field(field).starts_with("Output."))
    }

    /// The fields of a message that stands at `outer`, within messages of the names `within`.
    fn fields(
        &self,
        message: &MessageDescriptor,
        outer: &str,
        within: &mut Vec<String>,
        found: &mut Vec<FieldShape>,
    ) {
        if is_known(message.full_name()) || within.iter().any(|name| name == message.full_name()) {
            return;
        }
        within.push(message.full_name().to_owned());
        for field in message.fields().filter(|field| self.shows(field)) {
            let (path, kind) = placed(outer, &field);
            let comment = self.comments.field(&field).replace('\n', " ");
            found.push(FieldShape { path: path.clone(), kind: told(&field, &kind), comment });
            if let Kind::Message(inner) = &kind {
                self.fields(inner, &path, within, found);
            }
        }
        within.pop();
    }
}

/// Where a field stands, and of what kind its values are.
fn placed(outer: &str, field: &FieldDescriptor) -> (String, Kind) {
    let dot = if outer.is_empty() { "" } else { "." };
    let path = format!("{outer}{dot}{}", field.json_name());
    match field.kind() {
        Kind::Message(entry) if field.is_map() => (format!("{path}.*"), entry.map_entry_value_field().kind()),
        kind if field.is_list() => (format!("{path}[]"), kind),
        kind => (path, kind),
    }
}

/// The kind in words, and the fields that cannot be given beside it.
fn told(field: &FieldDescriptor, kind: &Kind) -> String {
    let kind = match kind {
        Kind::Enum(described) => {
            let names: Vec<_> = described.values().map(|value| value.name().to_owned()).collect();
            names.join(" | ")
        }
        // Debug writes what the proto files have.
        other => format!("{other:?}"),
    };
    let rivals = field.containing_oneof().into_iter().flat_map(|group| group.fields().collect::<Vec<_>>());
    let rivals: Vec<_> =
        rivals.filter(|rival| rival != field).map(|rival| rival.json_name().to_owned()).collect();
    if rivals.is_empty() { kind } else { format!("{kind}, or else {}", rivals.join(", ")) }
}
