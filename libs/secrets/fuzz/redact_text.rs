//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use secrets::{Redactor, Secret};
use serde_json::Value;

/// What stands in secrets here: nothing of what is put in their place or of JSON itself, from which they could be put together.
const NEVER: &str = "[]secrt{}\",:";

/// Takes the first line of `bytes` for a secret and the rest for what is said.
pub fn redact_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((secret, said)) = text.split_once('\n') else { return };
    if secret.len() < 6 || secret.contains(|c| NEVER.contains(c)) {
        return;
    }
    let redactor = Redactor::of([&Secret::new(secret)]);
    let cleaned = redactor.text(said.to_owned());
    assert!(!redactor.holds(cleaned.as_bytes()), "{cleaned}");
    if !redactor.holds(said.as_bytes()) {
        assert_eq!(cleaned, said);
    }
    if let Ok(value) = serde_json::from_str::<Value>(said) {
        let cleaned = redactor.value(value).to_string();
        assert!(!cleaned.contains(secret), "{cleaned}");
    }
}
