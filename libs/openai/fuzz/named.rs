//! What is refused names the parameter that is wrong, as whoever sent it would find it.

use fault::Fault;
use openai::{OpenAiError, Problem};
use serde_json::Value;

/// How much of a name an error repeats at least.
const SHOWN: usize = 64;

/// The error names one parameter, which stands in `body`, or is missing from where it should stand.
pub(crate) fn named(body: &Value, error: &OpenAiError) {
    assert_eq!(error.violations().len(), 1, "{error}");
    let field = error.violations()[0].field.as_str();
    assert!(!field.is_empty(), "{error}");
    let OpenAiError::Parameter { problem, .. } = error else { panic!("{error}") };
    // Of what is given twice, `body` has the last, which may be nothing.
    if *problem == Problem::Twice {
        return;
    }
    if !body.is_object() {
        assert_eq!(field, "body");
        return;
    }
    if *problem == Problem::Missing {
        // It is of names that are known.
        let pointer = format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
        let outer = pointer.rsplit_once('/').map(|(outer, _)| body.pointer(outer));
        assert!(outer.flatten().is_some_and(Value::is_object), "{error}");
        assert!(body.pointer(&pointer).is_none_or(Value::is_null), "{error}");
    } else {
        assert!(stands(body, field), "{error}");
    }
}

/// Whether there is something at `path` within an object.
fn stands(value: &Value, path: &str) -> bool {
    let Value::Object(members) = value else { return false };
    members
        .iter()
        .any(|(name, value)| after(name, path).is_some_and(|rest| !value.is_null() && goes_on(value, rest)))
}

/// What stands behind a name in a path, which repeats only the beginning of a long one.
fn after<'a>(name: &str, path: &'a str) -> Option<&'a str> {
    if name.is_empty() {
        return path.strip_prefix("\"\"");
    }
    let same = name.chars().zip(path.chars()).take_while(|(one, other)| one == other);
    let same = same.map(|(one, _)| one.len_utf8()).sum();
    (same == name.len() || same >= SHOWN).then(|| &path[same..])
}

/// Whether there is something at the rest of a path.
fn goes_on(value: &Value, rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    if let Some(path) = rest.strip_prefix('.') {
        return stands(value, path);
    }
    let within = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((index, rest)) = within else { return false };
    index.parse().ok().and_then(|index: usize| value.get(index)).is_some_and(|item| goes_on(item, rest))
}
