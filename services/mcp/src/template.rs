//! Text with places for arguments: `Bearer {token}`, `{query}`. Requests to APIs and prompts are made of it.

use serde_json::{Map, Value};

/// The longest template.
const LONGEST: usize = 4096;
/// The longest text that one argument becomes.
const LONGEST_VALUE: usize = 64 * 1024;

/// Text with places for arguments. `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Argument(String),
    /// The same, and a list of it is one value even where it stands alone: `{name,}`.
    Joined(String),
}

impl Template {
    /// Reads one; the error says what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let (mut pieces, mut fixed, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            fixed.push_str(before);
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                fixed.extend(brace.chars().next());
                rest = after;
                continue;
            }
            let Some((name, after)) = brace.strip_prefix('{').and_then(|brace| brace.split_once('}')) else {
                return Err("has a brace without its other half; write {{ and }} for braces".to_owned());
            };
            pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
            let joined = name.strip_suffix(',');
            check_name(joined.unwrap_or(name))?;
            pieces.push(
                joined
                    .map_or_else(|| Piece::Argument(name.to_owned()), |name| Piece::Joined(name.to_owned())),
            );
            rest = after;
        }
        fixed.push_str(rest);
        pieces.push(Piece::Fixed(fixed));
        pieces.retain(|piece| !matches!(piece, Piece::Fixed(text) if text.is_empty()));
        Ok(Self(pieces))
    }

    /// The arguments that it has places for.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Argument(name) | Piece::Joined(name) => Some(name.as_str()),
            Piece::Fixed(_) => None,
        })
    }

    /// The argument that is all of it, if one is.
    pub(crate) fn alone(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Argument(name)] => Some(name),
            _ => None,
        }
    }

    /// The text with arguments in their places; nothing where one of them was not given. The error names the argument that
    /// cannot be text.
    pub(crate) fn fill(&self, arguments: &Map<String, Value>) -> Result<Option<String>, Unfit> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Fixed(fixed) => text.push_str(fixed),
                Piece::Argument(name) | Piece::Joined(name) => match given(arguments, name) {
                    Some(value) => text.push_str(&written(name, value)?),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(text))
    }
}

/// An argument that cannot stand where it should.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) argument: String,
    pub(crate) problem: &'static str,
}

/// An argument, if it was given.
pub(crate) fn given<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    arguments.get(name).filter(|value| !value.is_null())
}

/// A value as text: a list is its items between commas.
pub(crate) fn written(name: &str, value: &Value) -> Result<String, Unfit> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| scalar(name, item)).collect();
            items?.join(",")
        }
        Value::Object(_) | Value::Null => {
            return Err(unfit(name, "must be text, a number, or a list of those"));
        }
    };
    if text.len() > LONGEST_VALUE {
        return Err(unfit(name, "is longer than 64 KiB"));
    }
    Ok(text)
}

/// An item of a list as text.
pub(crate) fn scalar(name: &str, value: &Value) -> Result<String, Unfit> {
    match value {
        Value::Array(_) | Value::Object(_) | Value::Null => {
            Err(unfit(name, "must be a list of text or numbers"))
        }
        single => written(name, single),
    }
}

fn unfit(name: &str, problem: &'static str) -> Unfit {
    Unfit { argument: name.to_owned(), problem }
}

/// Whether an argument can have this name: one that models and templates both take.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if is_name(name) {
        return Ok(());
    }
    Err(format!("names the argument {name:?}: expected 1 to 64 letters, digits, _ and -"))
}

/// Whether this is a name as tools and their arguments have them.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::Template;

    fn arguments(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn filled(template: &str, value: &Value) -> Option<String> {
        Template::new(template).unwrap().fill(&arguments(value)).unwrap()
    }

    #[test]
    fn arguments_take_their_places() {
        let given = json!({"a": "x", "n": 3, "b": true, "list": ["p", 2], "nothing": null});
        for (template, expected) in [
            ("{a}", Some("x")),
            ("v{n}-{b}", Some("v3-true")),
            ("{list}", Some("p,2")),
            ("{list,}", Some("p,2")),
            ("{{a}} {a}", Some("{a} x")),
            ("plain", Some("plain")),
            ("", Some("")),
            ("{a}{missing}", None),
            ("{nothing}", None),
        ] {
            assert_eq!(filled(template, &given).as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for bad in ["{", "}", "{a", "a}", "{}", "{a b}", "{a.b}", "{{a}", "{a}}"] {
            assert!(Template::new(bad).is_err(), "{bad}");
        }
        assert!(Template::new(&"x".repeat(4097)).is_err());
    }

    #[test]
    fn only_what_can_be_text_becomes_text() {
        let template = Template::new("{a}").unwrap();
        for bad in [json!({}), json!([[1]]), json!([null]), json!("x".repeat(65 * 1024))] {
            let error = template.fill(&arguments(&json!({ "a": bad }))).unwrap_err();
            assert_eq!(error.argument, "a");
        }
    }

    proptest! {
        #[test]
        fn an_argument_is_never_read_as_a_template(value in ".*") {
            let given = json!({"a": value, "b": "secret"});
            prop_assert_eq!(filled("<{a}>", &given), Some(format!("<{value}>")));
        }
    }
}
