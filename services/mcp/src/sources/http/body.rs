//! What a request carries.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::plan::{pairs, templates, text};
use crate::{
    config::HttpToolConfig,
    template::{Template, Unfit},
};

/// The deepest that a body may be nested.
const MAX_DEPTH: usize = 32;

/// What a request carries.
#[derive(Debug)]
pub(super) enum Body {
    None,
    Json(Part),
    Form(Vec<(String, Template)>),
}

/// A part of a body of JSON.
#[derive(Debug)]
pub(super) enum Part {
    /// A string with places, or a place that an argument takes as the value that it is.
    Text(Template),
    /// A number, a truth value, or nothing.
    Fixed(Value),
    List(Vec<Part>),
    Object(Vec<(String, Part)>),
}

impl Body {
    /// What configuration describes; the error names the field.
    pub(super) fn new(config: &HttpToolConfig) -> Result<Self, String> {
        match (&config.body, config.form.is_empty()) {
            (None, true) => Ok(Self::None),
            (Some(body), true) => Ok(Self::Json(part(body, "body", MAX_DEPTH)?)),
            (None, false) => {
                let fields = config.form.iter().map(|(name, value)| (name, text(value)));
                Ok(Self::Form(templates("form", fields)?))
            }
            (Some(_), false) => Err("body: there is a form too; a request has one of them".to_owned()),
        }
    }

    /// The arguments that it has places for.
    pub(super) fn arguments(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Json(part) => part.arguments(),
            Self::Form(fields) => fields.iter().flat_map(|(_, template)| template.arguments()).collect(),
        }
    }

    /// The body with arguments in their places, and its media type.
    pub(super) fn fill(
        &self,
        arguments: &Map<String, Value>,
    ) -> Result<Option<(String, &'static str)>, Unfit> {
        match self {
            Self::None => Ok(None),
            Self::Json(part) => {
                let value = part.fill(arguments)?;
                // Nothing was given of what could be: then there is no body, rather than an empty one.
                let is_left = |fields: &Map<String, Value>| fields.is_empty() && !part.is_empty();
                let value = value.filter(|value| !value.as_object().is_some_and(is_left));
                Ok(value.map(|value| (value.to_string(), "application/json")))
            }
            Self::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs(fields, arguments)?);
                Ok(Some((form.finish(), "application/x-www-form-urlencoded")))
            }
        }
    }
}

fn part(value: &Value, place: &str, depth: usize) -> Result<Part, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("{place}: is nested more than {MAX_DEPTH} deep"));
    };
    Ok(match value {
        Value::String(text) => {
            Part::Text(Template::new(text).map_err(|problem| format!("{place}: {problem}"))?)
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(index, item)| part(item, &format!("{place}[{index}]"), depth));
            Part::List(items.collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), part(field, &format!("{place}.{name}"), depth)?)));
            Part::Object(fields.collect::<Result<_, String>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Part::Fixed(value.clone()),
    })
}

impl Part {
    /// Whether it is an object that nothing is written in.
    fn is_empty(&self) -> bool {
        matches!(self, Self::Object(fields) if fields.is_empty())
    }

    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Text(template) => template.arguments().collect(),
            Self::Fixed(_) => Vec::new(),
            Self::List(parts) => parts.iter().flat_map(Self::arguments).collect(),
            Self::Object(fields) => fields.iter().flat_map(|(_, part)| part.arguments()).collect(),
        }
    }

    /// The value; none where an argument was not given that is all of it, or a part of its text.
    fn fill(&self, arguments: &Map<String, Value>) -> Result<Option<Value>, Unfit> {
        Ok(Some(match self {
            Self::Text(template) => match template.alone() {
                // As it is given: `null` is a value here.
                Some(name) => return Ok(arguments.get(name).cloned()),
                None => return Ok(template.fill(arguments)?.map(Value::String)),
            },
            Self::Fixed(value) => value.clone(),
            Self::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                for part in parts {
                    items.extend(part.fill(arguments)?);
                }
                Value::Array(items)
            }
            Self::Object(fields) => {
                let fields =
                    fields.iter().map(|(name, part)| Ok(part.fill(arguments)?.map(|it| (name.clone(), it))));
                Value::Object(fields.filter_map(Result::transpose).collect::<Result<_, _>>()?)
            }
        }))
    }
}
