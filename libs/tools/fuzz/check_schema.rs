//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::time::{Duration, Instant};

use serde_json::Value;
use tools::Schema;

/// Far more than any schema that is taken needs, even instrumented.
const LONGEST: Duration = Duration::from_secs(10);

/// Takes the first line of `bytes` for a schema, and the rest for a value.
pub fn check_schema(bytes: &[u8]) {
    let begun = Instant::now();
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let Ok(schema) = serde_json::from_slice::<Value>(lines.next().unwrap_or_default()) else { return };
    let value = serde_json::from_slice::<Value>(lines.next().unwrap_or_default()).unwrap_or_default();
    if let Ok(taken) = Schema::new(schema.clone()) {
        assert_eq!(taken.as_value(), &schema);
        if let Some(problem) = taken.problem("answer", &value) {
            assert!(problem.starts_with("answer"), "{problem}");
        }
    }
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
}
