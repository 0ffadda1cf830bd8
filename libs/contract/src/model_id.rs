//! Names of models.

use crate::Invalid;

const LONGEST: usize = 63;
const RULE: &str =
    "must be 1 to 63 lower-case letters, digits, `.`, `_` or `-`, starting with a letter or a digit";

/// Checks the `model` field of a request.
pub fn model_id(id: &str) -> Result<&str, Invalid> {
    checked("model", id, id)
}

/// Takes the id out of a resource name, `models/{model}`.
pub fn model_name(name: &str) -> Result<&str, Invalid> {
    let Some(id) = name.strip_prefix("models/") else {
        return Err(Invalid::field("name", format!("must be `models/{{model}}`, but is {}", shown(name))));
    };
    checked("name", name, id)
}

fn checked<'a>(field: &str, given: &str, id: &'a str) -> Result<&'a str, Invalid> {
    if id.is_empty() {
        return Err(Invalid::field(field, "is required; ListModels gives the models that can be called"));
    }
    let starts_well = id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if id.len() <= LONGEST && starts_well && id.chars().all(allowed) {
        Ok(id)
    } else {
        Err(Invalid::field(field, format!("{RULE}, but is {}", shown(given))))
    }
}

/// The value as it came, cut so that an error is never much longer than the rule that it quotes.
fn shown(value: &str) -> String {
    let start: String = value.chars().take(LONGEST).collect();
    if start.len() < value.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::*;

    #[test]
    fn takes_usual_names() {
        for id in ["smollm2-135m-instruct", "qwen2.5_0.5b", "7b"] {
            assert_eq!(model_id(id).unwrap(), id);
            assert_eq!(model_name(&format!("models/{id}")).unwrap(), id);
        }
    }

    #[test]
    fn names_the_field_and_the_rule() {
        let long = "a".repeat(64);
        for id in ["", "../etc/passwd", "Upper", "-dash", ".hidden", "a b", "모델", &long] {
            let error = model_id(id).unwrap_err();
            assert_eq!(error.violations()[0].field, "model", "{id:?}");
        }
        let error = model_name("smollm2").unwrap_err();
        assert_eq!(error.violations()[0].field, "name");
        assert!(error.public_message().contains("models/{model}"));
    }

    #[test]
    fn never_echoes_more_than_a_name() {
        let error = model_id(&"x".repeat(1_000_000)).unwrap_err();
        assert!(error.public_message().len() < 300);
    }
}
