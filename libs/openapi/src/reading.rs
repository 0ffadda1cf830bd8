//! Reads what a request takes.

use serde_json::{Map, Value};

use crate::{
    Body, Document, Media, OpenApiError, Parameter, Place,
    arguments::Names,
    document::escaped,
    operation::MAX_PARAMETERS,
    schema::{Direction, Schemas, shortened},
};

/// Headers that say what the request is, and are no parameters, whatever a document says.
const NEVER: [&str; 3] = ["accept", "authorization", "content-type"];
/// The schema of a body that is not described.
static ANYTHING: Value = Value::Bool(true);

/// What one operation takes, while it is read.
pub(crate) struct Reading<'a> {
    document: &'a Document,
    names: Names,
    pub(crate) schemas: Schemas<'a>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        Self { document, names: Names::default(), schemas: Schemas::new(document, Direction::Input) }
    }

    /// A parameter; none where it can be left out and cannot be sent.
    pub(crate) fn parameter(
        &mut self,
        place: &str,
        fields: &'a Map<String, Value>,
    ) -> Result<Option<Parameter>, OpenApiError> {
        let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
        let (name, within, style) = (text("name"), text("in"), text("style"));
        let required = within == "path" || is_true(fields, "required");
        let refuse = |problem: &str| {
            let problem = format!("the parameter {name:?} {problem}");
            if required { Err(OpenApiError::at(place, problem)) } else { Ok(None) }
        };
        let stands = match within {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" if NEVER.contains(&name.to_ascii_lowercase().as_str()) => return Ok(None),
            "header" => Place::Header,
            _ => return refuse("is in a cookie, or nowhere: only path, query and header are sent"),
        };
        if !matches!(style, "" | "form" | "simple") {
            return refuse("has a style that is not sent: only form and simple are");
        }
        let Some(schema) = fields.get("schema") else {
            return refuse("is described by `content`, and not by `schema`");
        };
        let mut schema = self.schemas.convert(&format!("{place}/schema"), schema)?;
        describe(&mut schema, fields);
        if self.schemas.kind(&schema).as_deref() == Some("object") {
            return refuse("is an object, which has no place in a query, a path or a header");
        }
        let explode = fields.get("explode").and_then(Value::as_bool).unwrap_or(style != "simple");
        Ok(Some(Parameter {
            argument: self.names.take(name),
            name: name.to_owned(),
            place: stands,
            required,
            required_with_body: false,
            schema,
            joined: stands == Place::Query && !explode,
        }))
    }

    /// What the request carries; none where it can be left out and cannot be sent.
    pub(crate) fn body(&mut self, place: &str, value: &'a Value) -> Result<Option<Body>, OpenApiError> {
        let fields = self.document.object(place, value)?;
        let required = is_true(fields, "required");
        let content = fields.get("content").and_then(Value::as_object);
        let Some((media, kind, described)) = content.and_then(chosen) else {
            let problem = "is neither JSON nor a form, so it cannot be sent";
            return if required { Err(OpenApiError::at(place, problem)) } else { Ok(None) };
        };
        let media_type = kind.replace("*/*", "application/json");
        let place = format!("{place}/content/{}/schema", escaped(kind));
        let mut schema = self.schemas.convert(&place, described.get("schema").unwrap_or(&ANYTHING))?;
        if let Some(flat) = self.schemas.flat(&schema) {
            let fields = self.fields(&place, &flat, required)?;
            return Ok(Some(Body { media, media_type, fields: Some(fields), whole: None }));
        }
        if media == Media::Form {
            return Err(OpenApiError::at(place, "a form must be an object whose fields are described"));
        }
        describe(&mut schema, fields);
        let whole = self.argument("body", required, schema);
        Ok(Some(Body { media, media_type, fields: None, whole: Some(whole) }))
    }

    fn fields(
        &mut self,
        place: &str,
        flat: &Map<String, Value>,
        required: bool,
    ) -> Result<Vec<Parameter>, OpenApiError> {
        let needed = flat.get("required").and_then(Value::as_array);
        let is_needed = |name: &str| needed.is_some_and(|all| all.iter().any(|one| one == name));
        let properties = flat.get("properties").and_then(Value::as_object);
        if properties.is_some_and(|all| all.len() > MAX_PARAMETERS) {
            return Err(OpenApiError::at(place, format!("more than {MAX_PARAMETERS} fields")));
        }
        let fields = properties.into_iter().flatten().map(|(name, schema)| {
            let schema = schema.as_object().cloned().unwrap_or_default();
            let field = self.argument(name, required && is_needed(name), schema);
            Parameter { required_with_body: is_needed(name), ..field }
        });
        Ok(fields.collect())
    }

    fn argument(&mut self, name: &str, required: bool, schema: Map<String, Value>) -> Parameter {
        let argument = self.names.take(name);
        let (name, place) = (name.to_owned(), Place::Body);
        Parameter { argument, name, place, required, required_with_body: required, schema, joined: false }
    }
}

/// The first way of writing a body that can be sent, its media type, and what is said about it.
pub(crate) fn chosen(content: &Map<String, Value>) -> Option<(Media, &str, &Value)> {
    let of = |wanted: fn(&str) -> bool| {
        content.iter().find(|(kind, _)| wanted(kind.split(';').next().unwrap_or_default().trim()))
    };
    let json = of(|kind| kind == "application/json");
    let json = json.or_else(|| of(|kind| kind.ends_with("+json") || kind == "*/*"));
    let form = || of(|kind| kind == "application/x-www-form-urlencoded");
    let json = json.map(|(kind, about)| (Media::Json, kind.as_str(), about));
    json.or_else(|| form().map(|(kind, about)| (Media::Form, kind.as_str(), about)))
}

fn is_true(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// What is said about the whole is said about its values, where they say nothing themselves.
fn describe(schema: &mut Map<String, Value>, fields: &Map<String, Value>) {
    if let Some(description) = fields.get("description") {
        let words = description.as_str().map(shortened).unwrap_or_default();
        schema.entry("description").or_insert_with(|| words.into());
    }
}
