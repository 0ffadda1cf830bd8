//! The members of a JSON object, taken out one by one, so that whatever is wrong is told with the name of its parameter.
//!
//! `null` is the same as nothing, as OpenAI's clients mean it.

use serde_json::{Map, Value};

use crate::{OpenAiError, error::Problem};

/// An unknown name is told up to here.
const SHOWN: usize = 64;

/// What is left of an object.
pub(crate) struct Fields {
    /// Where the object stands; nothing for the body itself.
    path: String,
    members: Map<String, Value>,
}

impl Fields {
    /// The members of the body.
    pub(crate) fn of_body(body: Value) -> Result<Self, OpenAiError> {
        match body {
            Value::Object(members) => Ok(Self { path: String::new(), members }),
            other => Err(OpenAiError::of_type("body", "an object", &other)),
        }
    }

    /// The members of an object that stands at `path`.
    pub(crate) fn of(path: &str, value: Value) -> Result<Self, OpenAiError> {
        match value {
            Value::Object(members) => Ok(Self { path: path.to_owned(), members }),
            other => Err(OpenAiError::of_type(path, "an object", &other)),
        }
    }

    /// The full name of a member.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// A member as it came, which stays.
    pub(crate) fn get(&self, name: &str) -> Value {
        self.members.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, OpenAiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(OpenAiError::of_type(&self.path_of(name), "a string", &other)),
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, OpenAiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(OpenAiError::of_type(&self.path_of(name), "a boolean", &other)),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<f32>, OpenAiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        // What is too large becomes infinite, which no range allows.
        let number = value.as_f64().map(|number| number as f32);
        number.map(Some).ok_or_else(|| OpenAiError::of_type(&self.path_of(name), "a number", &value))
    }

    /// A whole number, of which `least` is the smallest.
    pub(crate) fn count(&mut self, name: &str, least: u32) -> Result<Option<u32>, OpenAiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        match count.filter(|count| *count >= least) {
            Some(count) => Ok(Some(count)),
            None if value.is_number() => {
                let rule = format!("expected a whole number from {least} to {}, got {value}", u32::MAX);
                Err(OpenAiError::parameter(Problem::Value, &self.path_of(name), rule))
            }
            None => Err(OpenAiError::of_type(&self.path_of(name), "a whole number", &value)),
        }
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, OpenAiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(other) => Err(OpenAiError::of_type(&self.path_of(name), "an array", &other)),
        }
    }

    pub(crate) fn missing(&self, name: &str) -> OpenAiError {
        OpenAiError::missing(&self.path_of(name))
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), OpenAiError> {
        // What is null asks for nothing, whatever it is called.
        let Some((name, _)) = self.members.iter().find(|(_, value)| !value.is_null()) else { return Ok(()) };
        let name: String = name.chars().take(SHOWN).collect();
        // A name may be nothing, and must be seen all the same.
        let name = if name.is_empty() { "\"\"".to_owned() } else { name };
        let rule = "is not a parameter that is known here: take it out";
        Err(OpenAiError::parameter(Problem::Unknown, &self.path_of(&name), rule))
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::Fields;
    use crate::OpenAiError;

    fn fields(value: Value) -> Fields {
        Fields::of("a[1]", value).unwrap()
    }

    fn told<T: std::fmt::Debug>(outcome: Result<T, OpenAiError>) -> (String, &'static str) {
        let error = outcome.unwrap_err();
        (error.public_message().into_owned(), error.reason())
    }

    #[test]
    fn null_is_nothing() {
        let mut none = fields(json!({"x": null, "unknown": null}));
        assert_eq!(none.text("x").unwrap(), None);
        assert_eq!(none.count("y", 1).unwrap(), None);
        none.finish().unwrap();
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let mut wrong = fields(json!({"x": 1, "y": -1, "z": "a", "b": 0.5}));
        assert_eq!(told(wrong.text("x")), ("a[1].x: expected a string, got a number".into(), "INVALID_TYPE"));
        let (said, reason) = told(wrong.count("y", 1));
        assert_eq!(
            (said.as_str(), reason),
            ("a[1].y: expected a whole number from 1 to 4294967295, got -1", "INVALID_VALUE")
        );
        assert_eq!(told(wrong.count("z", 0)).1, "INVALID_TYPE");
        assert_eq!(told(wrong.flag("b")).1, "INVALID_TYPE");
        assert_eq!(told(fields(json!({"c": {}})).finish()).1, "UNKNOWN_PARAMETER");
        assert!(told(fields(json!({"": 1})).finish()).0.starts_with("a[1].\"\": is not a parameter"));
        assert_eq!(told(Fields::of_body(json!([])).map(drop)).1, "INVALID_TYPE");
    }
}
