//! When a token is good.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::Refusal;

/// An error unless the token has an end that has not come, and a beginning that has, if it has one. `now` is in seconds
/// since 1970; clocks may differ by `leeway`.
pub(crate) fn check(claims: &Map<String, Value>, now: i64, leeway: Duration) -> Result<(), Refusal> {
    let leeway = i64::try_from(leeway.as_secs()).unwrap_or_default();
    let end = seconds(claims, "exp")?.ok_or(Refusal::Claims)?;
    if end <= now.saturating_sub(leeway) {
        return Err(Refusal::Expired);
    }
    match seconds(claims, "nbf")? {
        Some(beginning) if beginning > now.saturating_add(leeway) => Err(Refusal::Early),
        _ => Ok(()),
    }
}

/// A number of seconds, which may have a fraction.
fn seconds(claims: &Map<String, Value>, claim: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    whole.map(Some).ok_or(Refusal::Claims)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::check;
    use crate::Refusal;

    #[test]
    fn a_token_has_an_end_and_clocks_may_differ() {
        let at = |claims: &Value| check(claims.as_object().unwrap(), 1_000, Duration::from_secs(30));
        for good in [
            json!({"exp": 1_001}),
            json!({"exp": 971}),
            json!({"exp": 1_000.5, "nbf": 1_030}),
            json!({"exp": 1e300, "nbf": 0}),
        ] {
            assert_eq!(at(&good), Ok(()), "{good}");
        }
        for (claims, refusal) in [
            (json!({}), Refusal::Claims),
            (json!({"exp": "1001"}), Refusal::Claims),
            (json!({"exp": null}), Refusal::Claims),
            (json!({"exp": 1_001, "nbf": "0"}), Refusal::Claims),
            (json!({"exp": 970}), Refusal::Expired),
            (json!({"exp": -1e300}), Refusal::Expired),
            (json!({"exp": 2_000, "nbf": 1_031}), Refusal::Early),
        ] {
            assert_eq!(at(&claims), Err(refusal), "{claims}");
        }
    }
}
