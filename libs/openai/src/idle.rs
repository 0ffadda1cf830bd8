//! Parameters of OpenAI's interface that nothing here does. Each has values that ask for nothing, which clients send and
//! which are taken; all others are refused by name.

use serde_json::Value;

use crate::{OpenAiError, error::Problem, fields::Fields};

/// What several of them are told.
pub(crate) const NO_TOOLS: &str =
    "no tools are called here: leave it out, or see the tools of this installation";
pub(crate) const ONLY_TEXT: &str = "only text is generated: leave it out";

/// One of them.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) idle: Idle,
    /// What to do where something else is wanted.
    pub(crate) instead: &'static str,
}

/// Which values ask for nothing, beside `null`.
#[derive(Clone, Copy)]
pub(crate) enum Idle {
    /// None.
    Null,
    /// An empty array, object or text.
    Empty,
    /// `false`.
    False,
    /// Either, as what it would steer is not there.
    Flag,
    /// This number.
    Number(i64),
    /// These words.
    Words(&'static [&'static str]),
    /// Any text: who asks, or what it is filed under.
    Text,
    /// Any object, likewise.
    Object,
    /// What the function says.
    When(fn(&Value) -> bool),
}

impl Idle {
    fn allows(self, value: &Value) -> bool {
        match self {
            Self::Null => false,
            Self::Empty => is_empty(value),
            Self::False => value == &Value::Bool(false),
            Self::Flag => value.is_boolean(),
            Self::Number(number) => value.as_f64() == Some(number as f64),
            Self::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Text => value.is_string(),
            Self::Object => value.is_object(),
            Self::When(idle) => idle(value),
        }
    }
}

/// Takes all of them out of a request.
pub(crate) fn take_idle(fields: &mut Fields, parameters: &[Parameter]) -> Result<(), OpenAiError> {
    for Parameter { name, idle, instead } in parameters {
        let Some(value) = fields.take(name).filter(|value| !idle.allows(value)) else { continue };
        let path = fields.path_of(name);
        return Err(match idle {
            Idle::Null => OpenAiError::parameter(
                Problem::UnsupportedParameter,
                &path,
                format!("is not supported: {instead}"),
            ),
            Idle::Text => OpenAiError::of_type(&path, "a string", &value),
            Idle::Object => OpenAiError::of_type(&path, "an object", &value),
            Idle::Flag => OpenAiError::of_type(&path, "a boolean", &value),
            _ => OpenAiError::unsupported(&path, format!("this value is not supported: {instead}")),
        });
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// `{"type": "text"}`, which is how answers come anyway.
pub(crate) fn is_text_format(value: &Value) -> bool {
    value.as_object().is_some_and(|format| format.len() == 1 && value["type"] == "text")
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::{Idle, Parameter, is_text_format, take_idle};
    use crate::fields::Fields;

    fn refused(idle: Idle, value: &Value) -> Option<&'static str> {
        let mut fields = Fields::of_body(json!({"x": value})).unwrap();
        let taken = take_idle(&mut fields, &[Parameter { name: "x", idle, instead: "do otherwise" }]);
        if taken.is_ok() {
            fields.finish().unwrap();
        }
        taken.err().map(|error| {
            assert_eq!(error.violations()[0].field, "x");
            error.reason()
        })
    }

    #[test]
    fn what_asks_for_nothing_is_taken_and_the_rest_refused() {
        for (idle, taken, not, reason) in [
            (Idle::Null, json!(null), json!(false), "UNSUPPORTED_PARAMETER"),
            (Idle::Empty, json!([]), json!([1]), "UNSUPPORTED_VALUE"),
            (Idle::Empty, json!({}), json!({"5": 1}), "UNSUPPORTED_VALUE"),
            (Idle::False, json!(false), json!(true), "UNSUPPORTED_VALUE"),
            (Idle::Flag, json!(true), json!("true"), "INVALID_TYPE"),
            (Idle::Number(1), json!(1.0), json!(2), "UNSUPPORTED_VALUE"),
            (Idle::Words(&["a", "b"]), json!("b"), json!("c"), "UNSUPPORTED_VALUE"),
            (Idle::Text, json!("who"), json!(7), "INVALID_TYPE"),
            (Idle::Object, json!({"a": "b"}), json!("a"), "INVALID_TYPE"),
            (
                Idle::When(is_text_format),
                json!({"type": "text"}),
                json!({"type": "json_object"}),
                "UNSUPPORTED_VALUE",
            ),
        ] {
            assert_eq!(refused(idle, &taken), None, "{taken}");
            assert_eq!(refused(idle, &Value::Null), None, "{taken}");
            assert_eq!(refused(idle, &not), Some(reason), "{not}");
        }
    }
}
