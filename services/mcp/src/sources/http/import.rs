//! Tools that an `OpenAPI` document describes, as they would be written by hand.

use std::{collections::BTreeMap, fs::File, io::Read};

use egress::Path;
use fault::Fault;
use openapi::{Body, Document, Media, Operation, Parameter, Place};
use serde_json::{Map, Value};

use super::plan::text;
use crate::config::{AuthConfig, HttpConfig, HttpToolConfig, ParameterConfig};

/// Of a document, with which the library would refuse it too.
const LARGEST: u64 = 4 << 20;

/// What is wrong, and where below the API's own table.
type Problem = (String, String);

/// The tools of an API, all of them by hand by now.
pub(super) struct Imported {
    /// Where the document says that the API is.
    pub(super) server: Option<String>,
    pub(super) tools: BTreeMap<String, HttpToolConfig>,
}

/// The tools that are written by hand, and those that the document describes.
pub(super) fn tools(config: &HttpConfig, folder: &std::path::Path) -> Result<Imported, Problem> {
    let document = match &config.openapi {
        Some(file) => {
            Some(read(&folder.join(file)).map_err(|problem| here("", format!("openapi: {problem}")))?)
        }
        None => None,
    };
    let auth = config.auth.as_ref();
    let find = |place: &str, id: &str| {
        let document = document
            .as_ref()
            .ok_or_else(|| here(place, "operation: there is no document; set openapi".to_owned()))?;
        document.operation(id).map_err(|error| here(place, format!("operation {id}: {error}")))
    };
    let mut tools = BTreeMap::new();
    for id in &config.operations {
        let plain = HttpToolConfig::default();
        let tool = described(&plain, without_credentials(find("", id)?, auth));
        let name = plain_name(id);
        if tools.insert(name.clone(), tool.map_err(|problem| here("", problem))?).is_some() {
            return Err(here(
                "",
                format!("operations: two of them are called {name}: describe one under tools"),
            ));
        }
    }
    for (name, tool) in &config.tools {
        let place = format!(".tools.{name}");
        let tool = match &tool.operation {
            Some(id) => described(tool, without_credentials(find(&place, id)?, auth))
                .map_err(|problem| here(&place, problem))?,
            None if tool.set.is_empty() => tool.clone(),
            None => return Err(here(&place, "set: is for operations of a document".to_owned())),
        };
        if tools.insert(name.clone(), tool).is_some() {
            return Err(here(
                &place,
                format!("operations has one that is called {name} already: take it out"),
            ));
        }
    }
    let server = document.as_ref().and_then(Document::server).map(str::to_owned);
    Ok(Imported { server, tools })
}

/// What `auth` sends is no argument: nobody is asked for a key.
fn without_credentials(mut operation: Operation, auth: Option<&AuthConfig>) -> Operation {
    let Some(auth) = auth else { return operation };
    let is = |name: &Option<String>, parameter: &Parameter| {
        name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&parameter.name))
    };
    operation.parameters.retain(|parameter| match parameter.place {
        Place::Header => !is(&auth.header, parameter),
        Place::Query => !is(&auth.query, parameter),
        Place::Path | Place::Body => true,
    });
    operation
}

/// A name as tools have them.
fn plain_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn here(place: &str, problem: String) -> Problem {
    (place.to_owned(), problem)
}

fn read(path: &std::path::Path) -> Result<Document, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    Document::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The operation, with what the configuration says otherwise.
fn described(tool: &HttpToolConfig, operation: Operation) -> Result<HttpToolConfig, String> {
    check(tool)?;
    let mut made = HttpToolConfig {
        operation: None,
        set: BTreeMap::new(),
        title: tool.title.clone().or(operation.title),
        description: tool.description.clone().or(Some(operation.description)),
        method: Some(operation.method),
        path: Some(operation.path),
        // With another shape, the document's is none.
        output: tool.output.clone().or(operation.answer.filter(|_| tool.result.is_none())),
        definitions: operation.definitions,
        is_imported: true,
        ..tool.clone()
    };
    let mut set = tool.set.clone();
    for parameter in operation.parameters {
        let template = take(&parameter, &mut set, &mut made.parameters)?;
        match parameter.place {
            Place::Path => {
                let path = made.path.unwrap_or_default();
                made.path = Some(fixed(&path, &parameter.argument, tool)?);
            }
            Place::Query => drop(made.query.insert(parameter.name, template)),
            // Those of a body are told with it.
            Place::Body => {}
            Place::Header => {
                let text = template.as_str().map_or_else(|| template.to_string(), str::to_owned);
                made.headers.insert(parameter.name.to_ascii_lowercase(), text);
            }
        }
    }
    if let Some(body) = operation.body {
        fill(&mut made, body, &mut set)?;
    }
    match set.into_keys().next() {
        Some(unknown) => Err(format!("set.{unknown}: the operation has no argument of this name")),
        None => Ok(made),
    }
}

/// What the document says is not said again.
fn check(tool: &HttpToolConfig) -> Result<(), String> {
    let said = [
        ("method", tool.method.is_some()),
        ("path", tool.path.is_some()),
        ("query", !tool.query.is_empty()),
        ("headers", !tool.headers.is_empty()),
        ("body", tool.body.is_some()),
        ("form", !tool.form.is_empty()),
        ("parameters", !tool.parameters.is_empty()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        Some((field, _)) => {
            Err(format!("{field}: is what the operation says; take it out, or take operation out"))
        }
        None => Ok(()),
    }
}

/// The template of a parameter: its value where the configuration has set it, else a place for an argument.
fn take(
    parameter: &Parameter,
    set: &mut BTreeMap<String, Value>,
    parameters: &mut BTreeMap<String, ParameterConfig>,
) -> Result<Value, String> {
    if let Some(value) = set.remove(&parameter.argument) {
        return Ok(match value {
            Value::String(text) => Value::String(text.replace('{', "{{").replace('}', "}}")),
            Value::Number(_) | Value::Bool(_) => value,
            _ => return Err(format!("set.{}: expected text, a number or a truth value", parameter.argument)),
        });
    }
    let schema: Map<String, Value> = parameter.schema.clone();
    let taken = ParameterConfig { optional: !parameter.required, needs: Vec::new(), schema };
    parameters.insert(parameter.argument.clone(), taken);
    let comma = if parameter.joined { "," } else { "" };
    Ok(Value::String(format!("{{{}{comma}}}", parameter.argument)))
}

/// The path with the value that was set for an argument, which stays in its place like any other.
fn fixed(path: &str, argument: &str, tool: &HttpToolConfig) -> Result<String, String> {
    let Some(text) = tool.set.get(argument).and_then(text) else { return Ok(path.to_owned()) };
    let alone = Path::new("/{value}").and_then(|place| place.fill(|_| Some(&text)));
    let segment = alone.map_err(|error| format!("set.{argument}: {}", error.public_message()))?;
    Ok(path.replace(&format!("{{{argument}}}"), segment.trim_start_matches('/')))
}

/// Fields that a body cannot be without are asked for: always, or as soon as another field makes one.
fn require(fields: &[Parameter], is_always_sent: bool, parameters: &mut BTreeMap<String, ParameterConfig>) {
    let needed = fields.iter().filter(|field| field.required_with_body);
    let is_optional = |name: &&str| parameters.get(*name).is_some_and(|parameter| parameter.optional);
    let needed = needed.map(|field| field.argument.as_str()).filter(is_optional);
    let needed: Vec<String> = needed.map(str::to_owned).collect();
    for field in fields {
        let Some(parameter) = parameters.get_mut(&field.argument) else { continue };
        if is_always_sent {
            parameter.optional &= !field.required_with_body;
        } else if parameter.optional {
            parameter.needs = needed.iter().filter(|name| **name != field.argument).cloned().collect();
        }
    }
}

fn fill(made: &mut HttpToolConfig, body: Body, set: &mut BTreeMap<String, Value>) -> Result<(), String> {
    let described = body.fields.unwrap_or_default();
    let is_always_sent = described.iter().any(|field| set.contains_key(&field.argument));
    let mut fields = Map::new();
    for field in &described {
        let template = take(field, set, &mut made.parameters)?;
        fields.insert(field.name.clone(), template);
    }
    require(&described, is_always_sent, &mut made.parameters);
    if body.media == Media::Json && body.media_type != "application/json" {
        let media_type = body.media_type.replace('{', "{{").replace('}', "}}");
        made.headers.insert("content-type".to_owned(), media_type);
    }
    match (body.media, body.whole) {
        (Media::Json, Some(whole)) => made.body = Some(take(&whole, set, &mut made.parameters)?),
        (Media::Json, None) => made.body = Some(Value::Object(fields)),
        (Media::Form, _) => made.form = fields.into_iter().collect(),
    }
    Ok(())
}
