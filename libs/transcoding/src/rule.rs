//! `google.api.http`: how an rpc is called by HTTP.

mod annotation;

use http::Method;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::{Rpc, TranscodingError, json::is_known, template::Template};
use annotation::Annotation;

/// How many names a way to a field may have; a message may hold itself.
const MAX_REACH: usize = 32;

/// One way to call an rpc.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) rpc: Rpc,
    pub(crate) method: Method,
    pub(crate) template: Template,
    /// How each variable's field is reached.
    pub(crate) fields: Vec<Vec<FieldDescriptor>>,
    pub(crate) body: Body,
    pub(crate) response_body: Option<FieldDescriptor>,
    /// Whether it is the way that every rpc has, without an annotation.
    pub(crate) implied: bool,
}

/// What the body of a request is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// The whole message but what stands in the path.
    Whole,
    /// One field of it; all others may stand in the query.
    Field(FieldDescriptor),
    /// There is none.
    Nothing,
}

/// The ways that an rpc's annotation names.
pub(crate) fn annotated(rpc: &Rpc) -> Result<Vec<Binding>, TranscodingError> {
    let wrong = |problem: String| TranscodingError::rule(rpc.full_name(), problem);
    let Some(annotation) = Annotation::of(&rpc.method) else { return Ok(Vec::new()) };
    if rpc.takes_stream() {
        return Err(wrong("a stream of requests cannot come by HTTP".to_owned()));
    }
    if annotation.additional.iter().any(|inner| !inner.additional.is_empty()) {
        return Err(wrong("`additional_bindings` must not have their own".to_owned()));
    }
    let all = std::iter::once(&annotation).chain(&annotation.additional);
    all.map(|annotation| binding(rpc, annotation).map_err(wrong)).collect()
}

/// The way that every rpc has: `POST /package.Service/Method` with the whole message.
pub(crate) fn implied(rpc: &Rpc) -> Option<Binding> {
    let template = Template::fixed(rpc.method.parent_service().full_name(), rpc.method.name());
    (!rpc.takes_stream()).then(|| Binding {
        rpc: rpc.clone(),
        method: Method::POST,
        template,
        fields: Vec::new(),
        body: Body::Whole,
        response_body: None,
        implied: true,
    })
}

fn binding(rpc: &Rpc, annotation: &Annotation) -> Result<Binding, String> {
    let (method, path) = annotation.pattern()?;
    let template = Template::parse(path)?;
    let input = rpc.method.input();
    let fields: Result<Vec<_>, _> =
        template.variables.iter().map(|variable| variable_field(&input, &variable.field)).collect();
    let fields = fields?;
    let body = match annotation.body.as_str() {
        "" => Body::Nothing,
        _ if method == Method::GET || method == Method::HEAD => {
            return Err(format!("{method} has no body: take `body` out"));
        }
        "*" => Body::Whole,
        name => Body::Field(top_field(&input, name, "body")?),
    };
    let response_body = match annotation.response_body.as_str() {
        "" => None,
        name => Some(top_field(&rpc.method.output(), name, "response_body")?),
    };
    Ok(Binding { rpc: rpc.clone(), method, template, fields, body, response_body, implied: false })
}

fn top_field(message: &MessageDescriptor, name: &str, place: &str) -> Result<FieldDescriptor, String> {
    let field = message.get_field_by_name(name);
    field.ok_or_else(|| format!("`{place}` names {name:?}, which is no field of {}", message.full_name()))
}

/// The field of a variable, which has to have one value that fits into a path.
fn variable_field(message: &MessageDescriptor, name: &str) -> Result<Vec<FieldDescriptor>, String> {
    let path = reach(message, name, FieldDescriptor::name)
        .ok_or_else(|| format!("the path names {name:?}, which is no field of {}", message.full_name()))?;
    match path.last() {
        Some(field) if field.is_list() || field.is_map() => {
            Err(format!("{name} has many values: take it out of the path"))
        }
        Some(field) if matches!(field.kind(), Kind::Message(_)) => {
            Err(format!("{name} is a message: name one of its fields in the path"))
        }
        _ => Ok(path),
    }
}

/// The way to a field through messages, of which there must be one each. A way that is longer than any that is meant
/// leads nowhere.
pub(crate) fn reach(
    message: &MessageDescriptor,
    name: &str,
    called: impl Fn(&FieldDescriptor) -> &str,
) -> Option<Vec<FieldDescriptor>> {
    let mut path: Vec<FieldDescriptor> = Vec::new();
    if name.split('.').count() > MAX_REACH {
        return None;
    }
    for part in name.split('.') {
        let within = match path.last() {
            None => message.clone(),
            Some(field) if field.is_list() || field.is_map() => return None,
            Some(field) => field.kind().as_message().filter(|inner| !is_known(inner.full_name()))?.clone(),
        };
        path.push(within.fields().find(|field| called(field) == part || field.name() == part)?);
    }
    Some(path)
}
