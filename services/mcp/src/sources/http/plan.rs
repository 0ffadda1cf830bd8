//! One request, as configuration describes it, ready to be filled with arguments.

use std::collections::BTreeSet;

use bytes::Bytes;
use egress::{EgressError, Path, Request};
use fault::{Fault, Violation};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Map, Value};
use tools::ToolsError;
use url::{Url, form_urlencoded};

use super::body::Body;
use crate::{
    config::HttpToolConfig,
    template::{Template, Unfit, given, scalar, written},
};

/// The longest URL that is asked.
const LONGEST_URL: usize = 16 * 1024;
/// Methods that a tool may use.
const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// One request, ready to be filled with arguments.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) method: Method,
    base: Url,
    path: Path,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    body: Body,
    /// The header with a word for each call.
    idempotency: Option<HeaderName>,
}

impl Plan {
    /// What configuration describes; the error names the field.
    pub(super) fn new(base: Url, config: &HttpToolConfig) -> Result<Self, String> {
        let method = method(config.method.as_deref().unwrap_or("GET"))?;
        let path =
            config.path.as_deref().ok_or("path: is missing; give one, or an operation of the document")?;
        let path = Path::new(path).map_err(|error| format!("path: {error}"))?;
        let query = templates("query", config.query.iter().map(|(name, value)| (name, text(value))))?;
        let headers = config.headers.iter().map(|(name, value)| (name, Some(value.clone())));
        let headers = templates("headers", headers)?;
        for (name, _) in &headers {
            egress::header(name, "").map_err(|error| format!("headers.{name}: {error}"))?;
        }
        let body = Body::new(config)?;
        if matches!(method, Method::GET | Method::HEAD) && !matches!(body, Body::None) {
            return Err(format!("body: {method} has none; set method"));
        }
        let idempotency = config.idempotency_header.as_deref().map(|name| {
            let header = egress::header(name, "").map(|(name, _)| name);
            header.map_err(|error| format!("idempotency_header: {error}"))
        });
        let plan = Self { method, base, path, query, headers, body, idempotency: idempotency.transpose()? };
        plan.check_arguments(config)?;
        Ok(plan)
    }

    /// Each place is for a parameter, and each parameter has a place.
    fn check_arguments(&self, config: &HttpToolConfig) -> Result<(), String> {
        let templates = self.query.iter().chain(&self.headers).map(|(_, template)| template);
        let mut places: BTreeSet<&str> = self.path.arguments().collect();
        places.extend(templates.flat_map(Template::arguments));
        places.extend(self.body.arguments());
        let is_parameter = |name: &str| config.parameters.contains_key(name);
        if let Some(place) = places.iter().find(|place| !is_parameter(place)) {
            return Err(format!("there is a place for {{{place}}}, but no parameters.{place}"));
        }
        if let Some(unused) = config.parameters.keys().find(|name| !places.contains(name.as_str())) {
            return Err(format!("parameters.{unused}: no template has a place for {{{unused}}}"));
        }
        let mut needed = self.path.arguments();
        match needed.find(|name| config.parameters.get(*name).is_some_and(|parameter| parameter.optional)) {
            Some(name) => Err(format!("parameters.{name}: stands in the path, so it cannot be optional")),
            None => Ok(()),
        }
    }

    /// The request with these arguments, beside the headers of every request; `key` is what repeated requests are known by.
    pub(super) fn request(
        &self,
        arguments: &Map<String, Value>,
        fixed: &HeaderMap,
        key: &str,
    ) -> Result<Request, ToolsError> {
        let mut request = Request::new(self.method.clone(), self.url(arguments)?);
        request.headers.clone_from(fixed);
        for (name, template) in &self.headers {
            if let Some(value) = template.fill(arguments).map_err(unfit)? {
                let (name, value) = egress::header(name, &value).map_err(|error| match template.alone() {
                    Some(argument) => invalid(argument, error.public_message()),
                    None => wrong(name, &error),
                })?;
                request.headers.insert(name, value);
            }
        }
        if let Some(name) = &self.idempotency
            && let Ok(value) = HeaderValue::from_str(key)
        {
            request.headers.insert(name.clone(), value);
        }
        request.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json, */*;q=0.5"));
        if let Some((body, media_type)) = self.body.fill(arguments).map_err(unfit)? {
            request.body = Bytes::from(body);
            request.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(media_type));
        }
        Ok(request)
    }

    fn url(&self, arguments: &Map<String, Value>) -> Result<Url, ToolsError> {
        let mut texts = Vec::new();
        for name in self.path.arguments() {
            let value = given(arguments, name).ok_or_else(|| invalid(name, "must be given"))?;
            texts.push((name, written(name, value).map_err(unfit)?));
        }
        let of = |asked: &str| texts.iter().find(|(name, _)| *name == asked).map(|(_, text)| text.as_str());
        let path = self.path.fill(of).map_err(|error| wrong("path", &error))?;
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let query = self.query(arguments)?;
        if !query.is_empty() {
            url.set_query(Some(&query));
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(invalid("", "make a URL of more than 16 KiB"));
        }
        Ok(url)
    }

    fn query(&self, arguments: &Map<String, Value>) -> Result<String, ToolsError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(fixed) = self.base.query() {
            query.extend_pairs(form_urlencoded::parse(fixed.as_bytes()));
        }
        for (name, value) in pairs(&self.query, arguments).map_err(unfit)? {
            query.append_pair(name, &value);
        }
        Ok(query.finish())
    }
}

/// Names with their values; a list that stands alone is one pair for each item, and what was not given is left out.
pub(super) fn pairs<'a>(
    templates: &'a [(String, Template)],
    arguments: &Map<String, Value>,
) -> Result<Vec<(&'a str, String)>, Unfit> {
    let mut pairs = Vec::new();
    for (name, template) in templates {
        let alone = template.alone().and_then(|argument| Some((argument, given(arguments, argument)?)));
        if let Some((argument, Value::Array(items))) = alone {
            for item in items {
                pairs.push((name.as_str(), scalar(argument, item)?));
            }
        } else if let Some(value) = template.fill(arguments)? {
            pairs.push((name.as_str(), value));
        }
    }
    Ok(pairs)
}

/// Templates by name.
pub(super) fn templates<'a>(
    table: &str,
    texts: impl Iterator<Item = (&'a String, Option<String>)>,
) -> Result<Vec<(String, Template)>, String> {
    texts
        .map(|(name, text)| {
            let text =
                text.ok_or_else(|| format!("{table}.{name}: expected text, a number or a truth value"))?;
            let template = Template::new(&text).map_err(|problem| format!("{table}.{name}: {problem}"))?;
            Ok((name.clone(), template))
        })
        .collect()
}

/// What can be written where text is meant.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn method(word: &str) -> Result<Method, String> {
    METHODS.into_iter().find(|method| method.as_str() == word).ok_or_else(|| {
        let known = METHODS.map(|method| method.to_string()).join(", ");
        format!("method: expected one of {known}, but is {word:?}")
    })
}

fn unfit(Unfit { argument, problem }: Unfit) -> ToolsError {
    invalid(&argument, problem)
}

fn wrong(place: &str, error: &EgressError) -> ToolsError {
    if let EgressError::Argument { argument, problem } = error {
        return invalid(argument, *problem);
    }
    ToolsError::invalid(vec![Violation::new("arguments", format!("({place}) {}", error.public_message()))])
}

fn invalid(argument: &str, problem: impl Into<String>) -> ToolsError {
    let field = if argument.is_empty() { "arguments".to_owned() } else { format!("arguments.{argument}") };
    ToolsError::invalid(vec![Violation::new(field, problem)])
}

#[cfg(test)]
mod tests;
