//! What of an answer is handed on.

use std::fmt;

use jmespath::{Expression, ToJmespath};
use serde_json::Value;

/// The longest expression.
const LONGEST: usize = 4096;
/// The deepest that an expression may be nested.
const DEEPEST: usize = 32;

/// A `JMESPath` expression.
pub(super) struct Projection(Expression<'static>);

impl Projection {
    /// Reads one; the error says where it is wrong.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        if nesting(text) > DEEPEST {
            return Err(format!("is nested more than {DEEPEST} deep"));
        }
        let compiled = jmespath::compile(text);
        compiled.map(Self).map_err(|error| format!("is no JMESPath expression: {}", one_line(&error)))
    }

    /// What the expression finds; `null` where that is nothing. The error says why it cannot be applied.
    pub(super) fn apply(&self, answer: Value) -> Result<Value, String> {
        let found = answer.to_jmespath().and_then(|answer| self.0.search(answer));
        let found = found.map_err(|error| one_line(&error))?;
        serde_json::to_value(&*found).map_err(|error| error.to_string())
    }
}

/// Errors of the library are drawn over several lines; the first says it.
fn one_line(error: &jmespath::JmespathError) -> String {
    error.to_string().lines().next().unwrap_or_default().trim().to_owned()
}

/// How deep an expression goes at most: its brackets, and the signs that stand before one.
fn nesting(text: &str) -> usize {
    let (mut brackets, mut signs, mut deepest) = (0_usize, 0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        signs = if matches!(byte, b'!' | b'&') { signs + 1 } else { 0 };
        deepest = deepest.max(brackets + signs);
    }
    deepest
}

impl fmt::Debug for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Projection({})", self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Projection;

    #[test]
    fn answers_take_another_shape() {
        let answer = json!({"items": [{"id": 1, "name": "desk", "noise": {}}, {"id": 2, "name": "lamp"}], "next": null});
        let projection = Projection::new("{items: items[].{id: id, title: name}, next: next}").unwrap();
        let expected =
            json!({"items": [{"id": 1, "title": "desk"}, {"id": 2, "title": "lamp"}], "next": null});
        assert_eq!(projection.apply(answer.clone()).unwrap(), expected);
        assert_eq!(Projection::new("nothing.here").unwrap().apply(answer.clone()).unwrap(), json!(null));
        assert!(Projection::new("length(items[0].id)").unwrap().apply(answer).is_err());
    }

    #[test]
    fn what_cannot_be_an_expression_is_refused() {
        for bad in ["", "items[", "a..b", "nobody(", &"(".repeat(5000), &format!("{}a", "!".repeat(2000))] {
            assert!(Projection::new(bad).is_err(), "{bad:.20}");
        }
        let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert!(Projection::new(&deep(30)).is_ok());
        assert!(Projection::new(&deep(40)).is_err());
    }
}
