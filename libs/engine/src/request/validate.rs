//! Every rule about a request, all checked at once, so that a caller sees all mistakes in one answer.

use std::ops::RangeInclusive;

use fault::Violation;

use super::{Request, Sampling, Stop};
use crate::{EngineError, Geometry};

const MAX_STOP_STRINGS: usize = 8;
const MAX_STOP_BYTES: usize = 256;

/// Checks `request` against a model's `geometry`.
pub(crate) fn validate(request: &Request, geometry: Geometry) -> Result<(), EngineError> {
    let mut found = Findings(Vec::new());
    prompt(request, geometry, &mut found);
    sampling(&request.sampling, geometry, &mut found);
    stop(&request.stop, &mut found);
    lengths(request, geometry, &mut found);
    if found.0.is_empty() { Ok(()) } else { Err(EngineError::InvalidRequest { violations: found.0 }) }
}

struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation::new(field, description));
    }

    fn range(&mut self, field: &str, value: f32, range: RangeInclusive<f32>) {
        if !range.contains(&value) {
            self.add(field, format!("must be {} to {}, is {value}", range.start(), range.end()));
        }
    }
}

fn prompt(request: &Request, Geometry { capacity, vocabulary, .. }: Geometry, found: &mut Findings) {
    let tokens = request.prompt.len();
    if tokens == 0 {
        found.add(request.prompt_field, "must give at least one token");
    } else if tokens >= capacity {
        let limit =
            format!("has {tokens} tokens; the limit is {} (context of {capacity}, prompt and output)", {
                capacity - 1
            });
        found.add(request.prompt_field, limit);
    } else if let Some(token) = request.prompt.iter().find(|token| **token as usize >= vocabulary) {
        found.add(
            request.prompt_field,
            format!("has token {token}; ids are below {vocabulary}, the vocabulary"),
        );
    }
}

fn sampling(sampling: &Sampling, geometry: Geometry, found: &mut Findings) {
    found.range("sampling.temperature", sampling.temperature, 0.0..=2.0);
    if sampling.top_k as usize > geometry.vocabulary {
        let limit = format!("must be 0 to {} (the vocabulary), is {}", geometry.vocabulary, sampling.top_k);
        found.add("sampling.top_k", limit);
    }
    if !(sampling.top_p > 0.0 && sampling.top_p <= 1.0) {
        found.add("sampling.top_p", format!("must be above 0 and at most 1, is {}", sampling.top_p));
    }
    found.range("sampling.min_p", sampling.min_p, 0.0..=1.0);
    if !(sampling.repetition_penalty > 0.0 && sampling.repetition_penalty <= 10.0) {
        let limit = format!("must be above 0 and at most 10, is {}", sampling.repetition_penalty);
        found.add("sampling.repetition_penalty", limit);
    }
    found.range("sampling.presence_penalty", sampling.presence_penalty, -2.0..=2.0);
    found.range("sampling.frequency_penalty", sampling.frequency_penalty, -2.0..=2.0);
}

fn stop(stop: &Stop, found: &mut Findings) {
    if stop.strings.len() > MAX_STOP_STRINGS {
        let limit = format!("must be at most {MAX_STOP_STRINGS} strings, are {}", stop.strings.len());
        found.add("stop.strings", limit);
    }
    for (index, string) in stop.strings.iter().enumerate().take(MAX_STOP_STRINGS) {
        if !(1..=MAX_STOP_BYTES).contains(&string.len()) {
            let limit = format!("must be 1 to {MAX_STOP_BYTES} bytes, is {}", string.len());
            found.add(format!("stop.strings[{index}]"), limit);
        }
    }
}

fn lengths(request: &Request, Geometry { capacity, .. }: Geometry, found: &mut Findings) {
    if let Some(tokens) = request.max_tokens
        && !(1..=capacity).contains(&(tokens as usize))
    {
        found.add("max_tokens", format!("must be 1 to {capacity} (the context), is {tokens}"));
    }
    let room = request.max_tokens.unwrap_or(capacity as u32);
    if request.stop.min_tokens > room {
        let limit = format!("must be at most max_tokens ({room}), is {}", request.stop.min_tokens);
        found.add("stop.min_tokens", limit);
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::validate;
    use crate::{Geometry, Request};

    const GEOMETRY: Geometry = Geometry { slots: 1, capacity: 32, vocabulary: 257 };

    /// The fields that are named when `change` was made to a good request.
    fn named(change: impl FnOnce(&mut Request)) -> Vec<String> {
        let mut request = Request::new(vec![1, 2, 3]);
        change(&mut request);
        validate(&request, GEOMETRY)
            .err()
            .map(|error| error.violations().iter().map(|violation| violation.field.clone()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn the_edges_of_every_range_are_allowed() {
        assert!(named(|_| ()).is_empty());
        let edges = named(|request| {
            request.prompt = vec![256; 31];
            request.max_tokens = Some(32);
            request.stop.min_tokens = 32;
            request.stop.strings = vec!["x".repeat(256); 8];
            request.sampling.temperature = 2.0;
            request.sampling.top_k = 257;
            request.sampling.top_p = f32::MIN_POSITIVE;
            request.sampling.min_p = 1.0;
            request.sampling.repetition_penalty = 10.0;
            request.sampling.presence_penalty = -2.0;
            request.sampling.frequency_penalty = 2.0;
        });
        assert!(edges.is_empty(), "{edges:?}");
    }

    #[test]
    fn each_wrong_field_is_named_as_the_contract_spells_it() {
        let all = named(|request| {
            request.sampling.temperature = f32::NAN;
            request.sampling.top_k = 258;
            request.sampling.top_p = 0.0;
            request.sampling.min_p = 1.1;
            request.sampling.repetition_penalty = 0.0;
            request.sampling.presence_penalty = 2.1;
            request.sampling.frequency_penalty = f32::INFINITY;
            request.stop.strings = vec!["a".into(), String::new(), "x".repeat(257)];
            request.stop.min_tokens = 33;
            request.max_tokens = Some(0);
        });
        let expected = [
            "sampling.temperature",
            "sampling.top_k",
            "sampling.top_p",
            "sampling.min_p",
            "sampling.repetition_penalty",
            "sampling.presence_penalty",
            "sampling.frequency_penalty",
            "stop.strings[1]",
            "stop.strings[2]",
            "max_tokens",
            "stop.min_tokens",
        ];
        assert_eq!(all, expected);
        assert_eq!(named(|request| request.stop.strings = vec!["a".into(); 9]), ["stop.strings"]);
    }

    #[test]
    fn a_prompt_must_leave_room_for_a_token_and_stay_in_the_vocabulary() {
        assert_eq!(named(|request| request.prompt.clear()), ["prompt"]);
        assert_eq!(named(|request| request.prompt = vec![257]), ["prompt"]);
        let mut request = Request::new(vec![0; 32]);
        request.prompt_field = "messages";
        let message = validate(&request, GEOMETRY).unwrap_err().to_string();
        assert!(message.contains("messages: has 32 tokens; the limit is 31"), "{message}");
    }
}
