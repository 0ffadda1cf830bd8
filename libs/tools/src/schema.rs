//! JSON Schemas of what goes into a tool and what comes out of it.

mod bounds;

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use fault::Violation;
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use crate::ToolsError;

/// How many wrong fields one answer names.
const MAX_VIOLATIONS: usize = 16;
/// The memory that one `pattern` may take, compiled.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// A JSON Schema (2020-12 unless it says otherwise) that is ready to check values.
///
/// Schemas come from strangers too, so one is taken only if it is within `bounds`: of a size, depth and unfolded size
/// that cannot keep us busy, referring to nothing outside itself. Patterns run in linear time.
#[derive(Clone)]
pub struct Schema {
    value: Arc<Value>,
    validator: Arc<Validator>,
}

impl Schema {
    /// A schema of anything.
    pub fn new(value: Value) -> Result<Self, ToolsError> {
        bounds::check(&value).map_err(wrong_schema)?;
        let patterns =
            PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .build(&value)
            .map_err(|error| wrong_schema(error.to_string()))?;
        Ok(Self { value: Arc::new(value), validator: Arc::new(validator) })
    }

    /// The same for arguments, which are always an object.
    pub fn of_arguments(value: Value) -> Result<Self, ToolsError> {
        if value.get("type").and_then(Value::as_str) != Some("object") {
            return Err(wrong_schema("\"type\" must be \"object\": arguments go by name".to_owned()));
        }
        Self::new(value)
    }

    /// The schema as it was written.
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    /// Checks arguments. Fields are named `arguments.…`; values are not repeated, as they may be secret.
    pub(crate) fn check_arguments(&self, arguments: &Map<String, Value>) -> Result<(), ToolsError> {
        // The validator wants a value; to be handed one costs a copy only where something is wrong.
        let value = Value::Object(arguments.clone());
        bounds::check_value(&value)
            .map_err(|problem| ToolsError::invalid(vec![Violation::new("arguments", problem)]))?;
        let violations: Vec<_> = self.problems("arguments", &value).collect();
        if violations.is_empty() { Ok(()) } else { Err(ToolsError::invalid(violations)) }
    }

    /// What is wrong with a value of this name, if anything is.
    pub fn problem(&self, name: &str, value: &Value) -> Option<String> {
        self.problems(name, value).next().map(|violation| violation.to_string())
    }

    fn problems<'a>(&'a self, root: &'a str, value: &'a Value) -> impl Iterator<Item = Violation> + 'a {
        self.validator.iter_errors(value).take(MAX_VIOLATIONS).map(move |error| {
            let field = field(root, error.instance_path().as_str());
            Violation::new(field, error.masked().to_string())
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.value)
    }
}

fn wrong_schema(problem: String) -> ToolsError {
    ToolsError::invalid(vec![Violation::new("schema", problem)])
}

/// `/items/2/price` as `arguments.items[2].price`.
fn field(root: &str, pointer: &str) -> String {
    let mut field = root.to_owned();
    for step in pointer.split('/').skip(1) {
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            let _ = write!(field, "[{step}]");
        } else {
            field.push('.');
            field.push_str(&step.replace("~1", "/").replace("~0", "~"));
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};
    use serde_json::{Map, Value, json};

    use super::Schema;

    fn arguments(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    fn search() -> Schema {
        Schema::of_arguments(json!({
            "type": "object",
            "properties": {
                "query": {"type": "string", "minLength": 1},
                "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
            },
            "required": ["query"],
            "additionalProperties": false,
        }))
        .unwrap()
    }

    #[test]
    fn what_fits_is_let_in() {
        search().check_arguments(&arguments(json!({"query": "desk", "items": [{"price": 1.5}]}))).unwrap();
    }

    #[test]
    fn each_wrong_field_is_named_and_no_value_is_repeated() {
        let wrong = json!({"query": "", "items": [{}, {"price": "s3cr3t"}], "extra": 1});
        let error = search().check_arguments(&arguments(wrong)).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        let mut fields: Vec<_> = error.violations().iter().map(|v| v.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["arguments", "arguments.items[1].price", "arguments.query"]);
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }

    #[test]
    fn there_is_an_end_to_what_one_answer_names() {
        let many: Vec<_> = (0..100).map(|_| json!({"price": "x"})).collect();
        let error = search().check_arguments(&arguments(json!({"query": "a", "items": many}))).unwrap_err();
        assert_eq!(error.violations().len(), super::MAX_VIOLATIONS);
    }

    #[test]
    fn arguments_are_objects() {
        for wrong in [json!({}), json!(true), json!({"type": "array"}), json!({"type": ["object", "null"]})] {
            assert!(Schema::of_arguments(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_may_be_anything_that_fits() {
        let numbers = Schema::new(json!({"type": "array", "items": {"type": "integer"}})).unwrap();
        assert_eq!(numbers.problem("answer", &json!([1, 2])), None);
        assert!(numbers.problem("answer", &json!([1, "x"])).unwrap().starts_with("answer[1]: "));
    }

    #[test]
    fn patterns_run_in_linear_time_or_not_at_all() {
        let evil = json!({"type": "object", "properties": {"q": {"type": "string", "pattern": "^(a+)+$"}}});
        let schema = Schema::of_arguments(evil).unwrap();
        let long = "a".repeat(100_000) + "!";
        assert!(schema.check_arguments(&arguments(json!({"q": long}))).is_err());
        let huge = json!({"type": "object", "properties": {"q": {"pattern": "(a{1000}){1000}"}}});
        assert!(Schema::of_arguments(huge).is_err());
        let looking_back = json!({"type": "object", "properties": {"q": {"pattern": "(a)\\1"}}});
        assert!(Schema::of_arguments(looking_back).is_err());
    }
}
