//! What of an answer is handed on.

use std::fmt;

use jmespath::{Expression, ToJmespath, Variable};
use serde_json::{Map, Value};

/// The longest expression.
const LONGEST: usize = 4096;
/// The deepest that an expression may be nested.
const DEEPEST: usize = 32;

/// The parts that may be handed on: an expression can multiply what it is given.
const MOST_PARTS: usize = 200_000;
/// The longest number of a slice. The library counts beyond what fits into a number of its own.
const LONGEST_NUMBER: usize = 6;

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
        if has_long_slice(text) {
            return Err(format!("has a slice with a number of more than {LONGEST_NUMBER} digits"));
        }
        let compiled = jmespath::compile(text);
        compiled.map(Self).map_err(|error| format!("is no JMESPath expression: {}", one_line(&error)))
    }

    /// What the expression finds; `null` where that is nothing. The error says why it cannot be applied.
    pub(super) fn apply(&self, answer: Value) -> Result<Value, String> {
        let found = answer.to_jmespath().and_then(|answer| self.0.search(answer));
        let found = found.map_err(|error| one_line(&error))?;
        let mut left = MOST_PARTS;
        value(&found, &mut left).ok_or_else(|| format!("makes more than {MOST_PARTS} parts of it"))
    }
}

/// What was found, if its parts are not more than are left.
fn value(found: &Variable, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    Some(match found {
        Variable::Array(items) => {
            Value::Array(items.iter().map(|item| value(item, left)).collect::<Option<_>>()?)
        }
        Variable::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Some((name.clone(), value(field, left)?)));
            Value::Object(fields.collect::<Option<Map<_, _>>>()?)
        }
        Variable::String(text) => Value::String(text.clone()),
        Variable::Bool(truth) => Value::Bool(*truth),
        Variable::Number(number) => Value::Number(number.clone()),
        Variable::Null | Variable::Expref(_) => Value::Null,
    })
}

/// Whether a number beside a colon is longer than any list.
fn has_long_slice(text: &str) -> bool {
    let mut around = text.split(':').map(str::trim).peekable();
    let digits = |bytes: &mut dyn Iterator<Item = u8>| bytes.take_while(u8::is_ascii_digit).count();
    while let Some(before) = around.next() {
        let Some(after) = around.peek() else { return false };
        let after = after.trim_start_matches(['-', ' ']);
        if digits(&mut before.bytes().rev()) > LONGEST_NUMBER || digits(&mut after.bytes()) > LONGEST_NUMBER {
            return true;
        }
    }
    false
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
        for long in ["a[1::2147483647]", "a[::-2147483648]", "a[9999999:]", "a[: 9999999 ]"] {
            assert!(Projection::new(long).is_err(), "{long}");
        }
        assert!(Projection::new("a[1:999999:2].{b: c}").is_ok());
        let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert!(Projection::new(&deep(30)).is_ok());
        assert!(Projection::new(&deep(40)).is_err());
    }

    #[test]
    fn what_an_expression_multiplies_has_an_end() {
        let doubling = vec!["[@, @]"; 100].join(" | ");
        assert!(Projection::new(&doubling).unwrap().apply(json!(1)).unwrap_err().contains("parts"));
    }
}
