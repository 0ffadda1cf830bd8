//! How large, deep and tangled a schema or a value may be.

use std::collections::HashMap;

use serde_json::Value;

/// Of a schema, written as JSON.
const MAX_BYTES: usize = 128 * 1024;
/// Of a value of any kind: what a hostile one costs is bounded by its depth too.
const MAX_DEPTH: usize = 32;
/// The parts of a schema once every reference is followed: what checking one value may have to look at.
const MAX_UNFOLDED: u64 = 20_000;
/// References that lead to references: each is a step deeper for whoever follows them.
const MAX_CHAIN: usize = 64;

/// Whether a schema is one that we dare to compile.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    if !matches!(schema, Value::Object(_) | Value::Bool(_)) {
        return Err("expected an object".to_owned());
    }
    check_value(schema)?;
    let bytes = schema.to_string().len();
    if bytes > MAX_BYTES {
        return Err(format!("{bytes} bytes are above the limit of {MAX_BYTES}"));
    }
    let unfolded = Unfolding { root: schema, known: HashMap::new(), chain: 0 }.count(schema)?;
    if unfolded > MAX_UNFOLDED {
        return Err(format!("more than {MAX_UNFOLDED} parts once its references are followed"));
    }
    Ok(())
}

/// Whether a value is shallow enough to be walked.
pub(super) fn check_value(value: &Value) -> Result<(), String> {
    if is_deeper(value, MAX_DEPTH) {
        return Err(format!("nested more than {MAX_DEPTH} deep"));
    }
    Ok(())
}

fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|item| is_deeper(item, depth - 1)),
        Value::Object(fields) => depth == 0 || fields.values().any(|field| is_deeper(field, depth - 1)),
        _ => false,
    }
}

/// Counts the parts of a schema as if every reference were written out: a few lines of references to references unfold
/// to more than a machine can check.
struct Unfolding<'a> {
    root: &'a Value,
    /// What each reference unfolds to; `None` while it is being unfolded, which makes it recursive.
    known: HashMap<&'a str, Option<u64>>,
    /// How many references led here, one out of the other.
    chain: usize,
}

impl<'a> Unfolding<'a> {
    fn count(&mut self, part: &'a Value) -> Result<u64, String> {
        let counts: Vec<u64> = match part {
            Value::Array(items) => items.iter().map(|item| self.count(item)).collect::<Result<_, _>>()?,
            Value::Object(fields) => {
                let is_root = std::ptr::eq(part, self.root);
                fields
                    .iter()
                    .map(|(name, field)| self.count_field(name, field, is_root))
                    .collect::<Result<_, _>>()?
            }
            _ => Vec::new(),
        };
        Ok(counts.into_iter().fold(1, u64::saturating_add))
    }

    fn count_field(&mut self, name: &str, field: &'a Value, of_root: bool) -> Result<u64, String> {
        match field.as_str() {
            Some(target) if name == "$ref" => self.follow(target),
            Some(_) if refers(name) => Err(format!("{name} is not supported: use $ref")),
            Some(_) if name == "$id" && !of_root => Err("$id is supported at the root only".to_owned()),
            _ => self.count(field),
        }
    }

    fn follow(&mut self, target: &'a str) -> Result<u64, String> {
        match self.known.get(target) {
            // A schema that describes lists of itself goes as deep as the value does, which is bounded.
            Some(None) => return Ok(1),
            Some(Some(count)) => return Ok(*count),
            None => {}
        }
        let Some(pointer) = target.strip_prefix('#') else {
            return Err("$ref must point into the schema itself, such as #/$defs/item".to_owned());
        };
        let root = self.root;
        let Some(part) = root.pointer(pointer) else {
            return Err(format!("$ref points to {}, which is not there", shortened(target)));
        };
        self.known.insert(target, None);
        self.chain += 1;
        if self.chain > MAX_CHAIN {
            return Err(format!("a chain of more than {MAX_CHAIN} references"));
        }
        let count = self.count(part)?;
        self.chain -= 1;
        self.known.insert(target, Some(count));
        Ok(count)
    }
}

/// Keywords by which a schema can point elsewhere without being seen to.
fn refers(name: &str) -> bool {
    matches!(name, "$dynamicRef" | "$recursiveRef")
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!({}), |inner, _| json!({"not": inner}))
    }

    /// Each definition holds two of the next one: 2^n parts in n lines.
    fn doubling(levels: usize) -> Value {
        let mut definitions = serde_json::Map::new();
        for level in 0..levels {
            let next = format!("#/$defs/d{}", level + 1);
            definitions.insert(format!("d{level}"), json!({"allOf": [{"$ref": next}, {"$ref": next}]}));
        }
        definitions.insert(format!("d{levels}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": definitions})
    }

    /// References that lead to references, few bytes each.
    fn chain(links: usize) -> Value {
        let mut definitions = serde_json::Map::new();
        for link in 0..links {
            definitions
                .insert(format!("a{link}"), json!({"items": {"$ref": format!("#/$defs/a{}", link + 1)}}));
        }
        definitions.insert(format!("a{links}"), json!({}));
        json!({"$ref": "#/$defs/a0", "$defs": definitions})
    }

    #[test]
    fn schema_bombs_are_refused() {
        let wide: Vec<_> = (0..30_000).map(|_| json!({})).collect();
        let attacks = [
            ("too deep", nested(40)),
            ("doubling", doubling(40)),
            ("too many parts", json!({"anyOf": wide})),
            ("too many bytes", json!({"description": "x".repeat(200_000)})),
            ("elsewhere", json!({"$ref": "https://example.com/schema.json"})),
            ("a file", json!({"$ref": "file:///etc/passwd"})),
            ("nowhere", json!({"$ref": "#/$defs/none"})),
            ("dynamic", json!({"$dynamicRef": "#node"})),
            ("another root", json!({"$defs": {"a": {"$id": "other", "$ref": "#"}}})),
            ("no schema", json!([])),
            ("a chain", chain(2_900)),
        ];
        for (name, attack) in attacks {
            assert!(check(&attack).is_err(), "{name}");
        }
    }

    #[test]
    fn honest_schemas_are_taken() {
        let tree = json!({
            "type": "object",
            "properties": {"children": {"type": "array", "items": {"$ref": "#"}}, "$ref": {"type": "string"}},
        });
        for schema in [json!(true), json!({}), nested(20), doubling(8), chain(60), tree] {
            check(&schema).unwrap();
        }
    }
}
