//! Whole requests for text: every wrong field of one is named in one answer.
//!
//! The ranges are those that the fields' comments in the contract promise. The engine holds to them too, for callers in
//! its own process, and checks what hangs on a model (its context, its vocabulary).

use std::ops::RangeInclusive;

use fault::Violation;
use proto::inference::v1 as wire;

use crate::{Invalid, Prompt, model_id};

/// The most stop strings in one request.
const MAX_STOP_STRINGS: usize = 8;
/// The most bytes in one of them.
const MAX_STOP_BYTES: usize = 256;

/// Checks a request to generate, as far as that is possible without a model.
pub fn check_generation(request: &wire::GenerateTextRequest) -> Result<(), Invalid> {
    let mut found = Vec::new();
    if let Some(sampling) = &request.sampling {
        check_sampling(sampling, &mut found);
    }
    if let Some(stop) = &request.stop {
        check_stop(stop, request.max_tokens, &mut found);
    }
    let source = check_source(&request.model, &request.messages, &request.prompt);
    Invalid::all([source, Invalid::none_or(found)])
}

/// Checks a request to count tokens.
pub fn check_counting(request: &wire::CountTokensRequest) -> Result<(), Invalid> {
    check_source(&request.model, &request.messages, &request.prompt)
}

/// Checks which model is asked and what it is given, for a service whose engine checks the rest.
pub fn check_source(model: &str, messages: &[wire::Message], prompt: &str) -> Result<(), Invalid> {
    Invalid::all([model_id(model).map(drop), Prompt::check(messages, prompt)])
}

fn check_sampling(sampling: &wire::Sampling, found: &mut Vec<Violation>) {
    let mut within = |field: &str, value: f32, range: RangeInclusive<f32>| {
        if !range.contains(&value) {
            let rule = format!("must be {} to {}, is {value}", range.start(), range.end());
            found.push(Violation::new(format!("sampling.{field}"), rule));
        }
    };
    within("temperature", sampling.temperature, 0.0..=2.0);
    within("min_p", sampling.min_p, 0.0..=1.0);
    within("presence_penalty", sampling.presence_penalty, -2.0..=2.0);
    within("frequency_penalty", sampling.frequency_penalty, -2.0..=2.0);
    let mut above_zero = |field: &str, value: Option<f32>, most: f32| {
        if let Some(value) = value.filter(|value| !(*value > 0.0 && *value <= most)) {
            let rule = format!("must be above 0 and at most {most}, is {value}");
            found.push(Violation::new(format!("sampling.{field}"), rule));
        }
    };
    above_zero("top_p", sampling.top_p, 1.0);
    above_zero("repetition_penalty", sampling.repetition_penalty, 10.0);
}

fn check_stop(stop: &wire::Stop, max_tokens: u32, found: &mut Vec<Violation>) {
    if stop.strings.len() > MAX_STOP_STRINGS {
        let rule = format!("must be at most {MAX_STOP_STRINGS} strings, are {}", stop.strings.len());
        found.push(Violation::new("stop.strings", rule));
    }
    for (index, string) in stop.strings.iter().enumerate().take(MAX_STOP_STRINGS) {
        if !(1..=MAX_STOP_BYTES).contains(&string.len()) {
            let rule = format!("must be 1 to {MAX_STOP_BYTES} bytes, is {}", string.len());
            found.push(Violation::new(format!("stop.strings[{index}]"), rule));
        }
    }
    if max_tokens > 0 && stop.min_tokens > max_tokens {
        let rule = format!("must be at most max_tokens ({max_tokens}), is {}", stop.min_tokens);
        found.push(Violation::new("stop.min_tokens", rule));
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::*;

    fn good() -> wire::GenerateTextRequest {
        wire::GenerateTextRequest {
            model: "stub".into(),
            prompt: "Once".into(),
            sampling: Some(wire::Sampling::default()),
            stop: Some(wire::Stop::default()),
            ..Default::default()
        }
    }

    fn named(request: &wire::GenerateTextRequest) -> Vec<String> {
        let error = check_generation(request).err();
        let violations = error.as_ref().map(Fault::violations).unwrap_or_default();
        violations.iter().map(|violation| violation.field.clone()).collect()
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let sampling = wire::Sampling {
            temperature: f32::NAN,
            min_p: -0.1,
            presence_penalty: 2.1,
            frequency_penalty: f32::NEG_INFINITY,
            top_p: Some(0.0),
            repetition_penalty: Some(10.1),
            ..Default::default()
        };
        let strings = vec!["a".into(), String::new(), "x".repeat(MAX_STOP_BYTES + 1)];
        let stop = wire::Stop { strings, min_tokens: 6, ..Default::default() };
        let wrong = wire::GenerateTextRequest {
            model: "Upper".into(),
            prompt: String::new(),
            sampling: Some(sampling),
            stop: Some(stop),
            max_tokens: 5,
            ..good()
        };
        let expected = [
            "model",
            "messages",
            "sampling.temperature",
            "sampling.min_p",
            "sampling.presence_penalty",
            "sampling.frequency_penalty",
            "sampling.top_p",
            "sampling.repetition_penalty",
            "stop.strings[1]",
            "stop.strings[2]",
            "stop.min_tokens",
        ];
        assert_eq!(named(&wrong), expected);
    }

    #[test]
    fn the_edges_of_every_range_are_allowed() {
        assert!(named(&good()).is_empty());
        let sampling = wire::Sampling {
            temperature: 2.0,
            min_p: 1.0,
            presence_penalty: -2.0,
            frequency_penalty: 2.0,
            top_p: Some(1.0),
            repetition_penalty: Some(10.0),
            ..Default::default()
        };
        let strings = vec!["x".repeat(MAX_STOP_BYTES); MAX_STOP_STRINGS];
        let stop = wire::Stop { strings, min_tokens: 5, ..Default::default() };
        let edges =
            wire::GenerateTextRequest { sampling: Some(sampling), stop: Some(stop), max_tokens: 5, ..good() };
        assert!(named(&edges).is_empty(), "{:?}", named(&edges));
    }

    #[test]
    fn too_many_stop_strings_are_one_mistake() {
        let stop =
            wire::Stop { strings: vec![String::from("a"); MAX_STOP_STRINGS + 1], ..Default::default() };
        assert_eq!(named(&wire::GenerateTextRequest { stop: Some(stop), ..good() }), ["stop.strings"]);
    }

    #[test]
    fn counting_names_both_the_model_and_the_prompt() {
        let error = check_counting(&wire::CountTokensRequest::default()).unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["model", "messages"]);
    }
}
