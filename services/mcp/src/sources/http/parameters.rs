//! What callers are asked for.

use openapi::schema_words;
use serde_json::{Map, Value, json};
use tools::Schema;

use crate::{
    config::{HttpToolConfig, ParameterConfig},
    template::check_name,
};

/// The schema of the arguments.
pub(super) fn input(described: &HttpToolConfig) -> Result<Schema, String> {
    let mut properties = Map::new();
    let (mut required, mut dependent) = (Vec::new(), Map::new());
    for (name, parameter) in &described.parameters {
        check_name(name).map_err(|problem| format!("parameters: {problem}"))?;
        if !described.is_imported {
            check_words(parameter).map_err(|problem| format!("parameters.{name}: {problem}"))?;
        }
        let is_filled = parameter.schema.contains_key("default") && !described.is_imported;
        if !parameter.optional && !is_filled {
            required.push(name.as_str());
        }
        if !parameter.needs.is_empty() {
            dependent.insert(name.clone(), json!(parameter.needs));
        }
        properties.insert(name.clone(), Value::Object(parameter.schema.clone()));
    }
    let mut input = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    if !dependent.is_empty() {
        input["dependentRequired"] = Value::Object(dependent);
    }
    if !described.definitions.is_empty() {
        input["$defs"] = Value::Object(described.definitions.clone());
    }
    if !described.is_imported {
        for (name, parameter) in &described.parameters {
            check_default(parameter).map_err(|problem| format!("parameters.{name}: {problem}"))?;
        }
    }
    Schema::of_arguments(input).map_err(|error| format!("parameters: {error}"))
}

/// What is sent for arguments that were not given.
pub(super) fn defaults(described: &HttpToolConfig) -> Map<String, Value> {
    if described.is_imported {
        return Map::new();
    }
    let defaults = described.parameters.iter();
    let defaults = defaults.filter_map(|(name, parameter)| Some((name, parameter.schema.get("default")?)));
    defaults.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Any other word would say nothing, and one that is misspelt let everything through.
fn check_words(parameter: &ParameterConfig) -> Result<(), String> {
    let is_known = |word: &str| schema_words().any(|known| known == word) || word.starts_with("x-");
    match parameter.schema.keys().find(|word| !is_known(word)) {
        Some(word) => Err(format!("{word:?} is no word of JSON Schema{}", near(word))),
        None => Ok(()),
    }
}

/// The word that was meant, where it is one but for its letters' case and what stands between them.
fn near(word: &str) -> String {
    let plain = |word: &str| -> String {
        word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let meant = schema_words().find(|known| plain(known) == plain(word));
    meant.map(|meant| format!("; {meant:?} is")).unwrap_or_default()
}

/// What is sent where nothing is given has to be what callers may give.
fn check_default(parameter: &ParameterConfig) -> Result<(), String> {
    let Some(default) = parameter.schema.get("default") else { return Ok(()) };
    let schema = Schema::new(Value::Object(parameter.schema.clone())).map_err(|error| error.to_string())?;
    match schema.problem("default", default) {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{defaults, input};
    use crate::config::HttpToolConfig;

    fn described(parameters: &str) -> HttpToolConfig {
        toml::from_str(&format!("[parameters]\n{parameters}")).unwrap()
    }

    #[test]
    fn arguments_are_asked_for_as_they_are_described() {
        let described = described(
            "q = { type = \"string\" }\npage = { type = \"integer\", default = 1 }\nx = { optional = true }",
        );
        let schema = input(&described).unwrap();
        assert_eq!(schema.as_value()["required"], json!(["q"]));
        assert_eq!(schema.as_value()["properties"]["page"], json!({"type": "integer", "default": 1}));
        assert_eq!(defaults(&described), *json!({"page": 1}).as_object().unwrap());
    }

    #[test]
    fn what_would_let_everything_through_is_refused() {
        for (parameters, said) in [
            (
                "q = { max_length = 5 }",
                "parameters.q: \"max_length\" is no word of JSON Schema; \"maxLength\" is",
            ),
            ("q = { optonal = true }", "\"optonal\""),
            ("q = { type = \"integer\", default = \"one\" }", "parameters.q: default: value is not of type"),
            ("q = { type = \"strin\" }", "parameters: "),
            ("\"a b\" = {}", "\"a b\""),
        ] {
            let problem = input(&described(parameters)).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
