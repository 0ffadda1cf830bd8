//! The parameters that all kinds of requests share.
//!
//! Those that OpenAI does not have are what other servers call the same: `top_k`, `min_p`, `repetition_penalty`,
//! `min_tokens`, `ignore_eos`, `include_stop_str_in_output`.

use proto::inference::v1 as wire;
use serde_json::Value;

use crate::{OpenAiError, error::Problem, fields::Fields};

/// What OpenAI's interface assumes where our own contract would be greedy.
pub(crate) const DEFAULT_TEMPERATURE: f32 = 1.0;

/// Begins a request of the contract with all but its prompt and its length.
pub(crate) fn shared(fields: &mut Fields) -> Result<wire::GenerateTextRequest, OpenAiError> {
    let sampling = wire::Sampling {
        temperature: fields.number("temperature")?.unwrap_or(DEFAULT_TEMPERATURE),
        top_k: top_k(fields)?,
        top_p: fields.number("top_p")?,
        min_p: fields.number("min_p")?.unwrap_or_default(),
        seed: seed(fields)?,
        repetition_penalty: fields.number("repetition_penalty")?,
        presence_penalty: fields.number("presence_penalty")?.unwrap_or_default(),
        frequency_penalty: fields.number("frequency_penalty")?.unwrap_or_default(),
    };
    let stop = wire::Stop {
        strings: texts(fields, "stop")?.unwrap_or_default(),
        include_string: fields.flag("include_stop_str_in_output")?.unwrap_or_default(),
        ignore_end: fields.flag("ignore_eos")?.unwrap_or_default(),
        min_tokens: fields.count("min_tokens", 0)?.unwrap_or_default(),
    };
    Ok(wire::GenerateTextRequest {
        model: fields.text("model")?.unwrap_or_default(),
        sampling: Some(sampling),
        stop: Some(stop),
        ..wire::GenerateTextRequest::default()
    })
}

/// One text or several.
pub(crate) fn texts(fields: &mut Fields, name: &str) -> Result<Option<Vec<String>>, OpenAiError> {
    let path = fields.path_of(name);
    let values = match fields.take(name) {
        None => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(vec![text])),
        Some(Value::Array(values)) => values,
        Some(other) => return Err(OpenAiError::of_type(&path, "a string or an array of strings", &other)),
    };
    let text = |(index, value)| match value {
        Value::String(text) => Ok(text),
        other => Err(OpenAiError::of_type(&format!("{path}[{index}]"), "a string", &other)),
    };
    values.into_iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
}

/// Some clients write "all" as -1.
fn top_k(fields: &mut Fields) -> Result<u32, OpenAiError> {
    let value = fields.take("top_k").filter(|value| value.as_i64() != Some(-1));
    let Some(value) = value else { return Ok(0) };
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| match value {
        Value::Number(_) => {
            let rule = format!("expected a whole number of tokens, or 0 or -1 for all, got {value}");
            OpenAiError::parameter(Problem::Value, "top_k", rule)
        }
        other => OpenAiError::of_type("top_k", "a whole number", &other),
    })
}

/// Any whole number is a seed; which one stands for a negative does not matter.
fn seed(fields: &mut Fields) -> Result<Option<u64>, OpenAiError> {
    let Some(value) = fields.take("seed") else { return Ok(None) };
    let seed = value.as_u64().or_else(|| value.as_i64().map(i64::cast_unsigned));
    seed.map(Some).ok_or_else(|| match value {
        Value::Number(_) => {
            OpenAiError::parameter(Problem::Value, "seed", format!("expected a whole number, got {value}"))
        }
        other => OpenAiError::of_type("seed", "a whole number", &other),
    })
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::shared;
    use crate::fields::Fields;

    fn asked(body: Value) -> Result<super::wire::GenerateTextRequest, String> {
        let mut fields = Fields::of_body(body).unwrap();
        shared(&mut fields).map_err(|error| error.violations()[0].field.clone())
    }

    #[test]
    fn every_parameter_reaches_the_contract() {
        let request = asked(json!({
            "model": "stub", "temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.25, "seed": -1,
            "repetition_penalty": 1.5, "presence_penalty": 0.5, "frequency_penalty": 0.25, "stop": ["END", "."],
            "include_stop_str_in_output": true, "ignore_eos": true, "min_tokens": 3,
        }))
        .unwrap();
        let (sampling, stop) = (request.sampling.unwrap(), request.stop.unwrap());
        assert_eq!((sampling.temperature, sampling.top_p, sampling.top_k), (0.5, Some(0.9), 7));
        assert_eq!((sampling.min_p, sampling.repetition_penalty), (0.25, Some(1.5)));
        assert_eq!((sampling.presence_penalty, sampling.frequency_penalty), (0.5, 0.25));
        assert_eq!(sampling.seed, Some(u64::MAX));
        assert_eq!((stop.strings, stop.min_tokens), (vec!["END".to_owned(), ".".to_owned()], 3));
        assert!(stop.include_string && stop.ignore_end);
    }

    #[test]
    fn without_a_temperature_the_text_is_drawn_as_clients_expect() {
        let sampling = asked(json!({})).unwrap().sampling.unwrap();
        assert_eq!(sampling.temperature.to_bits(), 1.0_f32.to_bits());
        assert_eq!((sampling.seed, sampling.top_p), (None, None));
    }

    #[test]
    fn what_is_off_is_taken_as_clients_write_it() {
        for off in [json!({"top_k": -1}), json!({"stop": []}), json!({"stop": null, "seed": null})] {
            let request = asked(off).unwrap();
            assert_eq!(request.sampling.unwrap().top_k, 0);
            assert!(request.stop.unwrap().strings.is_empty());
        }
    }

    #[test]
    fn wrong_values_are_named() {
        for (body, name) in [
            (json!({"temperature": "hot"}), "temperature"),
            (json!({"stop": 3}), "stop"),
            (json!({"stop": ["a", 3]}), "stop[1]"),
            (json!({"seed": 0.5}), "seed"),
            (json!({"seed": "7"}), "seed"),
            (json!({"top_k": -2}), "top_k"),
            (json!({"top_k": "all"}), "top_k"),
            (json!({"min_tokens": -1}), "min_tokens"),
            (json!({"ignore_eos": 1}), "ignore_eos"),
            (json!({"model": 4}), "model"),
        ] {
            assert_eq!(asked(body.clone()).unwrap_err(), name, "{body}");
        }
    }
}
