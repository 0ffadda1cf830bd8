//! A whole document.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::{OpenApiError, Operation, operation, read::read};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
/// More requests than any API has.
const MAX_OPERATIONS: usize = 20_000;
/// The longest chain of references.
const MAX_CHAIN: usize = 16;
/// How many names an error lists.
const SHOWN: usize = 30;

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    root: Value,
    listed: Vec<Listed>,
}

/// An operation as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its `operationId`, or one made of method and path: `get_items_id`.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, with places for parameters.
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
}

impl Document {
    /// Reads JSON or YAML of at most 4 MiB.
    pub fn parse(text: &str) -> Result<Self, OpenApiError> {
        let root = read(text)?;
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
        if !version.starts_with("3.0") && !version.starts_with("3.1") {
            let problem = "`openapi` must say 3.0.x or 3.1.x; convert other documents first";
            return Err(OpenApiError::Unreadable(problem.to_owned()));
        }
        let mut document = Self { root, listed: Vec::new() };
        document.listed = document.list()?;
        Ok(document)
    }

    /// What is in it, in its order.
    pub fn operations(&self) -> &[Listed] {
        &self.listed
    }

    /// One of them.
    pub fn operation(&self, id: &str) -> Result<Operation, OpenApiError> {
        let Some(listed) = self.listed.iter().find(|listed| listed.id == id) else {
            let names = self.listed.iter().take(SHOWN).map(|listed| listed.id.as_str());
            let mut known = names.collect::<Vec<_>>().join(", ");
            if self.listed.len() > SHOWN {
                known.push_str(", …");
            }
            return Err(OpenApiError::NoOperation { id: id.chars().take(80).collect(), known });
        };
        operation::describe(self, listed)
    }

    /// Where the API is, if the document says so in one word: the first of its servers, without variables.
    pub fn server(&self) -> Option<&str> {
        let url = self.root.pointer("/servers/0/url")?.as_str()?;
        (!url.contains('{')).then_some(url)
    }

    /// Whether it is of 3.0, whose schemas are a dialect of their own.
    pub(crate) fn is_older(&self) -> bool {
        self.root.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3.0"))
    }

    /// What stands at a place of the document.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// The object at this place, or what it refers to.
    pub(crate) fn object<'a>(
        &'a self,
        place: &str,
        value: &'a Value,
    ) -> Result<&'a Map<String, Value>, OpenApiError> {
        let mut value = value;
        for _ in 0..MAX_CHAIN {
            let Some(fields) = value.as_object() else {
                return Err(OpenApiError::at(place, "expected an object"));
            };
            match fields.get("$ref").and_then(Value::as_str) {
                Some(target) => value = self.follow(place, target)?,
                None => return Ok(fields),
            }
        }
        Err(OpenApiError::at(place, "refers to something that refers on and on"))
    }

    /// What a reference points to: something in this document.
    pub(crate) fn follow(&self, place: &str, target: &str) -> Result<&Value, OpenApiError> {
        let shown: String = target.chars().take(120).collect();
        let Some(pointer) = target.strip_prefix('#').filter(|pointer| !pointer.is_empty()) else {
            let problem =
                format!("refers to {shown:?}, which is not a place in the document: put it in first");
            return Err(OpenApiError::at(place, problem));
        };
        // As part of a URL it may be written like one.
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        self.at(&pointer)
            .ok_or_else(|| OpenApiError::at(place, format!("refers to {shown:?}, which is not there")))
    }

    fn list(&self) -> Result<Vec<Listed>, OpenApiError> {
        let mut listed: Vec<Listed> = Vec::new();
        let paths = self.at("/paths").and_then(Value::as_object).into_iter().flatten();
        for (path, item) in paths.filter(|(path, _)| path.starts_with('/')) {
            let item = self.object(&format!("/paths/{}", escaped(path)), item)?;
            listed.extend(METHODS.iter().filter_map(|method| Listed::of(method, path, item.get(*method)?)));
        }
        if listed.len() > MAX_OPERATIONS {
            return Err(OpenApiError::Unreadable(format!("it has more than {MAX_OPERATIONS} operations")));
        }
        make_unlike(&mut listed);
        let mut ids: Vec<_> = listed.iter().map(|listed| listed.id.as_str()).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(twins) => {
                let twin = twins.first().copied().unwrap_or_default();
                Err(OpenApiError::Unreadable(format!("two operations are called {twin:.80}")))
            }
            None => Ok(listed),
        }
    }
}

impl Listed {
    fn of(method: &str, path: &str, operation: &Value) -> Option<Self> {
        let operation = operation.as_object()?;
        let text = |field| operation.get(field).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            id: text("operationId").unwrap_or_else(|| made_id(method, path)),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text("summary").unwrap_or_default(),
        })
    }
}

/// Names that were made are not taken twice: the later ones get a number.
fn make_unlike(listed: &mut [Listed]) {
    let mut taken = BTreeSet::new();
    // Each name goes on with its own next number: a stranger's document may hold nothing but twins.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for operation in listed {
        let made = operation.id == made_id(&operation.method.to_lowercase(), &operation.path);
        if taken.insert(operation.id.clone()) || !made {
            continue;
        }
        let plain = operation.id.clone();
        let number = numbers.entry(plain.clone()).or_insert(2);
        while !taken.insert(operation.id.clone()) {
            operation.id = format!("{plain}_{number}");
            *number += 1;
        }
    }
}

/// `get` and `/items/{id}` as `get_items_id`.
fn made_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// A name as a JSON pointer has it.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
