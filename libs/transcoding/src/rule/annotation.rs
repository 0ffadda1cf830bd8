//! The option as it stands in the descriptors.

use std::borrow::Cow;

use http::Method;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

const OPTION: &str = "google.api.http";
/// The methods that have a field of their own.
const METHODS: [(&str, Method); 5] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("patch", Method::PATCH),
];

/// A `google.api.HttpRule`.
pub(super) struct Annotation {
    /// What is said of the method, and the path.
    patterns: Vec<(Option<Method>, String)>,
    pub(super) body: String,
    pub(super) response_body: String,
    pub(super) additional: Vec<Annotation>,
}

impl Annotation {
    /// The one of a method, if it has one.
    pub(super) fn of(method: &MethodDescriptor) -> Option<Self> {
        let option = method.parent_pool().get_extension_by_name(OPTION)?;
        let options = method.options();
        if !options.has_extension(&option) {
            return None;
        }
        options.get_extension(&option).as_message().map(Self::read)
    }

    /// Its method and path.
    pub(super) fn pattern(&self) -> Result<(Method, &str), String> {
        match self.patterns.first() {
            Some((Some(method), path)) => Ok((method.clone(), path)),
            Some((None, path)) => Err(format!("the custom method of {path} must be one word in capitals")),
            None => Err("it names no method and path".to_owned()),
        }
    }

    fn read(rule: &DynamicMessage) -> Self {
        let known = METHODS.iter().filter(|(name, _)| rule.has_field_by_name(name));
        let mut patterns: Vec<_> =
            known.map(|(name, method)| (Some(method.clone()), text(rule, name))).collect();
        if let Some(custom) = field(rule, "custom").as_deref().and_then(Value::as_message)
            && rule.has_field_by_name("custom")
        {
            let kind = text(custom, "kind");
            let word = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_uppercase());
            let method = word.then(|| Method::from_bytes(kind.as_bytes()).ok()).flatten();
            patterns.push((method, text(custom, "path")));
        }
        let additional = field(rule, "additional_bindings");
        let additional = additional.as_deref().and_then(Value::as_list).unwrap_or_default();
        Self {
            patterns,
            body: text(rule, "body"),
            response_body: text(rule, "response_body"),
            additional: additional.iter().filter_map(Value::as_message).map(Self::read).collect(),
        }
    }
}

fn field<'a>(message: &'a DynamicMessage, name: &str) -> Option<Cow<'a, Value>> {
    message.get_field_by_name(name)
}

fn text(message: &DynamicMessage, name: &str) -> String {
    field(message, name).as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
}
