//! One request that an API takes.

use serde_json::{Map, Value};

use crate::{
    Document, Listed, OpenApiError,
    document::escaped,
    reading::{Reading, chosen},
    schema::{Direction, Schemas, shortened},
};

/// More than any request has.
pub(crate) const MAX_PARAMETERS: usize = 128;
/// One request that an API takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, with a place `{argument}` for each parameter that stands in it.
    pub path: String,
    /// What it does, in a few words.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// What it takes beside a body.
    pub parameters: Vec<Parameter>,
    /// What it carries.
    pub body: Option<Body>,
    /// The schema of what it answers when all is well, where that is JSON and described.
    pub answer: Option<Value>,
    /// What the schemas of parameters and body refer to, as `#/$defs/NAME`.
    pub definitions: Map<String, Value>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// What it is called in the request.
    pub name: String,
    /// What it is called as an argument: letters, digits, `_` and `-`, and unlike all others of the operation.
    pub argument: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it must be given once there is a body: of a body that may be left out, with fields that may not.
    pub required_with_body: bool,
    /// The JSON Schema of its values, its description included.
    pub schema: Map<String, Value>,
    /// Whether a list is one value between commas, rather than a value for each of its items.
    pub joined: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In the body.
    Body,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// How it is written.
    pub media: Media,
    /// The media type, word for word.
    pub media_type: String,
    /// Its fields, or none where it is one argument as a whole.
    pub fields: Option<Vec<Parameter>>,
    /// The whole as an argument, where it has no fields.
    pub whole: Option<Parameter>,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// As JSON.
    Json,
    /// As the fields of a form.
    Form,
}

pub(crate) fn describe(document: &Document, listed: &Listed) -> Result<Operation, OpenApiError> {
    let path_place = format!("/paths/{}", escaped(&listed.path));
    let place = format!("{path_place}/{}", listed.method.to_lowercase());
    let missing = || OpenApiError::at(&place, "is not there");
    let item = document.at(&path_place).ok_or_else(missing)?;
    let item = document.object(&path_place, item)?;
    let operation = item.get(&listed.method.to_lowercase()).and_then(Value::as_object).ok_or_else(missing)?;

    // Only those of the whole document are looked at, and credentials must not go to others.
    if [item, operation].into_iter().any(|object| object.contains_key("servers")) {
        let problem = "has servers of its own: describe it by hand, with the url of its server";
        return Err(OpenApiError::at(&place, problem));
    }
    let mut reading = Reading::new(document);
    let mut parameters = Vec::new();
    for (place, fields) in declared(document, (&path_place, item), (&place, operation))? {
        parameters.extend(reading.parameter(&place, fields)?);
    }
    let path = path(&listed.path, &parameters).map_err(|problem| OpenApiError::at(&place, problem))?;
    let body = match operation.get("requestBody") {
        Some(value) => reading.body(&format!("{place}/requestBody"), value)?,
        None => None,
    };
    let text = |field: &str| operation.get(field).and_then(Value::as_str).map(str::to_owned);
    let title = text("summary").filter(|summary| !summary.is_empty());
    let description = text("description").or_else(|| title.clone());
    Ok(Operation {
        id: listed.id.clone(),
        method: listed.method.clone(),
        path,
        description: description.map_or_else(
            || format!("{} {}", listed.method, listed.path),
            |words| shortened(&words).to_owned(),
        ),
        title,
        parameters,
        body,
        answer: answer(document, &place, operation)?,
        definitions: reading.schemas.definitions(),
    })
}

/// Where a parameter is declared, and its fields.
type Declared<'a> = (String, &'a Map<String, Value>);

/// The parameters of the operation, and those of its path that it does not describe itself.
fn declared<'a>(
    document: &'a Document,
    path: (&str, &'a Map<String, Value>),
    operation: (&str, &'a Map<String, Value>),
) -> Result<Vec<Declared<'a>>, OpenApiError> {
    let mut all: Vec<Declared<'_>> = Vec::new();
    for (place, object) in [operation, path] {
        let list = object.get("parameters").and_then(Value::as_array).into_iter().flatten();
        for (index, value) in list.enumerate() {
            let place = format!("{place}/parameters/{index}");
            if all.len() >= MAX_PARAMETERS {
                return Err(OpenApiError::at(place, format!("more than {MAX_PARAMETERS} parameters")));
            }
            let fields = document.object(&place, value)?;
            let same = |other: &Map<String, Value>| {
                other.get("name") == fields.get("name") && other.get("in") == fields.get("in")
            };
            if !all.iter().any(|(_, other)| same(other)) {
                all.push((place, fields));
            }
        }
    }
    Ok(all)
}

/// The path with its parameters by the names of their arguments.
fn path(template: &str, parameters: &[Parameter]) -> Result<String, String> {
    let (mut path, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or("its path has a brace that is not closed")?;
        let mut in_path = parameters.iter().filter(|parameter| parameter.place == Place::Path);
        let parameter = in_path.find(|parameter| parameter.name == name);
        let parameter =
            parameter.ok_or_else(|| format!("its path has {{{name:.60}}}, which no parameter describes"))?;
        path.push_str(before);
        path.push('{');
        path.push_str(&parameter.argument);
        path.push('}');
        rest = behind;
    }
    path.push_str(rest);
    Ok(path)
}

/// The schema of a good answer, where it is JSON.
fn answer(
    document: &Document,
    place: &str,
    operation: &Map<String, Value>,
) -> Result<Option<Value>, OpenApiError> {
    let Some(responses) = operation.get("responses").and_then(Value::as_object) else { return Ok(None) };
    let mut good = responses.iter().filter(|(code, _)| code.starts_with('2'));
    // Of several, none describes every good answer.
    let (Some((code, response)), None) = (good.next(), good.next()) else { return Ok(None) };
    let place = format!("{place}/responses/{code}");
    let response = document.object(&place, response)?;
    let Some((Media::Json, kind, described)) =
        response.get("content").and_then(Value::as_object).and_then(chosen)
    else {
        return Ok(None);
    };
    let Some(schema) = described.get("schema") else { return Ok(None) };
    let mut schemas = Schemas::new(document, Direction::Output);
    let mut schema = schemas.convert(&format!("{place}/content/{}/schema", escaped(kind)), schema)?;
    let definitions = schemas.definitions();
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Ok(Some(Value::Object(schema)))
}
