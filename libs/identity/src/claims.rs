//! From what a token says to who calls and what that allows.

use accounts::{Account, Grants, Limits};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Refusal;

/// The longest subject that is told as it is.
const LONGEST_SUBJECT: usize = 128;
/// The digits of a hash that stand for any other.
const DIGITS: usize = 40;

/// The claims that grants are read from, each a list of words, or a text with spaces between them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Claimed {
    pub(crate) scopes: Option<String>,
    pub(crate) models: Option<String>,
    pub(crate) tools: Option<String>,
    pub(crate) jobs: Option<String>,
}

/// How the tokens of one issuer become callers.
pub(crate) struct Reading {
    /// The issuer's name, which stands before each of its callers.
    pub(crate) name: String,
    /// The claim that says who calls.
    pub(crate) principal: String,
    pub(crate) claimed: Claimed,
    /// What every token of the issuer grants.
    pub(crate) granted: Grants,
    pub(crate) limits: Limits,
}

impl Reading {
    pub(crate) fn account(&self, claims: &Map<String, Value>) -> Result<Account, Refusal> {
        let subject = claims.get(&self.principal).and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() {
            return Err(Refusal::Principal);
        }
        let name = name(&self.name, subject);
        Ok(Account { id: format!("token:{name}"), name, grants: self.grants(claims)?, limits: self.limits })
    }

    fn grants(&self, claims: &Map<String, Value>) -> Result<Grants, Refusal> {
        let mut grants = self.granted.clone();
        let list = |claim: &Option<String>, patterns, fixed: Option<Vec<String>>| match claim {
            // A list that its token leaves out is an empty one: what is missing must not open everything.
            Some(claim) => Some(words(claims, claim, patterns)),
            None => fixed,
        };
        grants.models = list(&self.claimed.models, true, grants.models);
        grants.tools = list(&self.claimed.tools, true, grants.tools);
        grants.jobs = list(&self.claimed.jobs, false, grants.jobs);
        if let Some(claim) = &self.claimed.scopes {
            grants.scopes.extend(words(claims, claim, false));
        }
        // Each word was looked at, so there are too many.
        if grants.violations().is_empty() { Ok(grants) } else { Err(Refusal::Grants) }
    }
}

/// The words of a claim that can be such. Others open nothing here, and issuers have many.
fn words(claims: &Map<String, Value>, claim: &str, patterns: bool) -> Vec<String> {
    let all: Vec<&str> = match claims.get(claim) {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_word = |word: &&str| {
        let alone = vec![(*word).to_owned()];
        let grants = if patterns {
            Grants { models: Some(alone), ..Grants::default() }
        } else {
            Grants { jobs: Some(alone), ..Grants::default() }
        };
        grants.violations().is_empty()
    };
    all.into_iter().filter(is_word).map(str::to_owned).collect()
}

/// The name of a caller: `ISSUER:SUBJECT`, or `ISSUER::HASH` where the subject does not fit into the names of objects. No
/// two subjects have the same one, and no key's owner has a colon.
fn name(issuer: &str, subject: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    if subject.len() <= LONGEST_SUBJECT && !subject.starts_with(':') && subject.chars().all(allowed) {
        return format!("{issuer}:{subject}");
    }
    format!("{issuer}::{}", &hex::encode(Sha256::digest(subject))[..DIGITS])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use accounts::{Grants, Limits};
    use serde_json::{Value, json};

    use super::{Claimed, Reading};
    use crate::Refusal;

    fn reading(claimed: Claimed, granted: &str) -> Reading {
        Reading {
            name: "corp".to_owned(),
            principal: "sub".to_owned(),
            claimed,
            granted: Grants::from_line(granted),
            limits: Limits::default(),
        }
    }

    fn grants(reading: &Reading, claims: &Value) -> Result<String, Refusal> {
        reading.account(claims.as_object().unwrap()).map(|account| account.grants.to_line())
    }

    #[test]
    fn a_token_can_never_take_the_name_of_a_key() {
        let reading = reading(Claimed::default(), "");
        let name = |subject: &str| {
            let claims = json!({ "sub": subject });
            reading.account(claims.as_object().unwrap()).unwrap().name
        };
        assert_eq!(name("alice@example.com"), "corp:alice@example.com");
        assert_eq!(name("system:serviceaccount:ns:a"), "corp:system:serviceaccount:ns:a");
        let odd = ["auth0|a", "a b", "한", "../..", "a/b", ":a", &"a".repeat(129), "a\n", "A|a"];
        let names: HashSet<_> = odd.iter().map(|odd| name(odd)).collect();
        assert_eq!(names.len(), odd.len());
        for name in names {
            assert!(name.starts_with("corp:") && accounts::check_key_name(&name).is_err(), "{name}");
            assert!(name.len() <= 256 && !name.contains(['/', ' ', '|']), "{name}");
        }
        // What a hash looks like cannot be a subject.
        let hashed = name("a b");
        assert_ne!(name(hashed.strip_prefix("corp:").unwrap()), hashed);
    }

    #[test]
    fn somebody_has_to_call() {
        let reading = reading(Claimed::default(), "");
        for claims in [json!({}), json!({"sub": ""}), json!({"sub": 7}), json!({"sub": ["a"]})] {
            assert_eq!(grants(&reading, &claims), Err(Refusal::Principal), "{claims}");
        }
    }

    #[test]
    fn a_token_grants_nothing_by_a_claim_that_was_not_named() {
        let fixed = reading(Claimed::default(), "scopes=shopping;models=qwen*");
        let claims = json!({"sub": "a", "scope": "admin", "scp": ["admin"], "models": ["*"]});
        assert_eq!(grants(&fixed, &claims).unwrap(), "scopes=shopping;models=qwen*");
    }

    #[test]
    fn lists_are_read_from_the_claims_that_were_named() {
        let claim = |name: &str| Some(name.to_owned());
        let claimed = Claimed {
            scopes: claim("scp"),
            models: claim("m"),
            tools: claim("t"),
            jobs: claim("https://ondol.example/jobs"),
        };
        let reading = reading(claimed, "scopes=shopping");
        let all = json!({
            "sub": "a", "scp": "openid admin b,c", "m": ["qwen*", 7, "two words", "*"], "t": "s3_* x",
            "https://ondol.example/jobs": ["batch", "*"],
        });
        let expected = "scopes=admin,openid,shopping;models=qwen*,*;tools=s3_*,x;jobs=batch";
        assert_eq!(grants(&reading, &all).unwrap(), expected);
        let none = grants(&reading, &json!({"sub": "a", "m": null, "t": {"a": 1}})).unwrap();
        assert_eq!(none, "scopes=shopping;models=;tools=;jobs=");
        let many: Vec<_> = (0..65).map(|number| format!("s{number}")).collect();
        assert_eq!(grants(&reading, &json!({"sub": "a", "scp": many})), Err(Refusal::Grants));
    }
}
