//! Who calls, by a second and plainer reading of what was sent.

use accounts::Account;
use http::{HeaderMap, header::AUTHORIZATION};
use serde_json::{Map, Value};

use super::{
    asked::{Asked, Token},
    known::{ISSUERS, KNOWN, NOW},
};

const LEEWAY: f64 = 30.0;
const LONGEST_TOKEN: usize = 8 * 1024;

/// Who may call.
pub(crate) enum Expected {
    Nobody,
    /// Whoever has this account.
    One(String),
    /// The subject of a token; surely, where nothing about the token is odd.
    Subject {
        claims: Map<String, Value>,
        issuer: &'static str,
        surely: bool,
    },
}

impl Expected {
    pub(crate) fn check(self, caller: Option<&Account>) {
        match (self, caller) {
            (Self::Nobody | Self::Subject { surely: false, .. }, None) => {}
            (Self::Nobody, Some(account)) => panic!("nobody is {account:?}"),
            (Self::One(id), Some(account)) => assert_eq!(account.id, id),
            (Self::Subject { claims, issuer, .. }, Some(account)) => is_subject(account, &claims, issuer),
            (Self::One(id), None) => panic!("{id} is nobody"),
            (Self::Subject { claims, .. }, None) => panic!("the subject of {claims:?} is nobody"),
        }
    }
}

pub(crate) fn of(asked: &Asked) -> Expected {
    if !asked.headers.contains_key(AUTHORIZATION) {
        return asked.certificate.as_deref().map_or(Expected::Nobody, of_certificate);
    }
    if let Some(id) = of_key(&asked.headers) {
        return Expected::One(id);
    }
    match bearer(&asked.headers) {
        Some(bearer) if bearer == asked.token.text => of_token(&asked.token),
        _ => Expected::Nobody,
    }
}

/// The account of the one key that was sent, if it opens anything.
pub(crate) fn of_key(headers: &HeaderMap) -> Option<String> {
    let bearer = bearer(headers)?;
    let key = KNOWN.keys.iter().find(|key| key.secret.as_str().as_bytes() == bearer)?;
    key.id.clone()
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    let [value] = values[..] else { return None };
    let (scheme, secret) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(secret)
}

fn of_certificate(names: &[String]) -> Expected {
    let has = |san: &str| names.iter().any(|name| name == san);
    match (has("spiffe://c/a"), has("b.example")) {
        (true, false) => Expected::One("certificate:team-a".to_owned()),
        (false, true) => Expected::One("certificate:team-b".to_owned()),
        _ => Expected::Nobody,
    }
}

fn of_token(token: &Token) -> Expected {
    let Some((issuer, algorithm, kid)) = token.signer.issued().filter(|_| token.is_whole) else {
        return Expected::Nobody;
    };
    let (Some(header), Some(claims)) = (object(&token.header), object(&token.claims)) else {
        return Expected::Nobody;
    };
    let is_header = header.get("alg").is_some_and(|said| said == algorithm)
        && header.get("kid").is_none_or(|said| said.is_null() || said == kid)
        && header.get("crit").is_none_or(Value::is_null)
        && header.get("typ").is_none_or(|said| said.is_null() || is_type(said));
    if !is_header || !is_good(&claims, issuer) || token.text.len() > LONGEST_TOKEN {
        return Expected::Nobody;
    }
    let surely = is_plain(&token.header, &header, &["alg", "kid", "typ"])
        && is_plain(&token.claims, &claims, &[])
        && is_usual(&claims);
    Expected::Subject { claims, issuer, surely }
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

fn is_type(said: &Value) -> bool {
    let said = said.as_str().unwrap_or_default().to_ascii_lowercase();
    ["jwt", "at+jwt"].contains(&said.strip_prefix("application/").unwrap_or(&said))
}

/// Whether a token of this issuer says what each has to.
fn is_good(claims: &Map<String, Value>, issuer: &str) -> bool {
    let audiences: &[&str] = if issuer == ISSUERS[0] { &["ondol"] } else { &["ondol", "b"] };
    let is_us = |said: &Value| audiences.iter().any(|audience| said == audience);
    let is_for_us = |said: &Value| is_us(said) || said.as_array().is_some_and(|list| list.iter().any(is_us));
    let seconds = |claim: &str| claims.get(claim).map(|said| said.as_f64().map(f64::trunc));
    let now = NOW as f64;
    claims.get("iss").is_some_and(|said| said == issuer)
        && claims.get("aud").is_some_and(is_for_us)
        && seconds("exp").flatten().is_some_and(|end| end > now - LEEWAY)
        && seconds("nbf").is_none_or(|start| start.is_some_and(|start| start <= now + LEEWAY))
        && !claims.contains_key("cnf")
        && !subject(claims, issuer).is_empty()
}

fn subject<'a>(claims: &'a Map<String, Value>, issuer: &str) -> &'a str {
    let claim = if issuer == ISSUERS[0] { "sub" } else { "email" };
    claims.get(claim).and_then(Value::as_str).unwrap_or_default()
}

/// Whether bytes are JSON as we would write it, and of these names only, where there are any: all who read it agree on it.
fn is_plain(bytes: &[u8], object: &Map<String, Value>, names: &[&str]) -> bool {
    let written = serde_json::to_vec(object).unwrap();
    written == bytes && (names.is_empty() || object.keys().all(|name| names.contains(&name.as_str())))
}

/// Whether all claims are of the types that everybody gives them.
fn is_usual(claims: &Map<String, Value>) -> bool {
    let is_text = |said: &Value| said.is_string();
    let is_time = |claim: &str| claims.get(claim).is_none_or(Value::is_u64);
    let audience = claims.get("aud");
    let few = claims.values().all(|said| said.to_string().len() < 64);
    let is_audience = audience
        .is_some_and(|said| is_text(said) || said.as_array().is_some_and(|list| list.iter().all(is_text)));
    is_audience && few && ["exp", "nbf", "iat"].into_iter().all(is_time)
}

/// The account is that subject's, and has what its issuer grants and its token says, and nothing else.
fn is_subject(account: &Account, claims: &Map<String, Value>, issuer: &str) {
    let name = if issuer == ISSUERS[0] { "a" } else { "b" };
    let subject = subject(claims, issuer);
    let is_simple = subject.len() <= 64 && subject.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let hashed = account.name.strip_prefix(name).and_then(|rest| rest.strip_prefix("::"));
    if is_simple {
        assert_eq!(account.name, format!("{name}:{subject}"));
    } else if let Some(digits) = hashed {
        assert!(digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{account:?}");
    } else {
        assert_eq!(account.name, format!("{name}:{subject}"));
    }
    assert_eq!(account.id, format!("token:{}", account.name));
    if name == "a" {
        assert_eq!(account.grants.to_line(), "scopes=shopping");
        return;
    }
    let said = |claim: &str, word: &String| claims.get(claim).is_some_and(|said| says(said, word));
    assert!(account.grants.scopes.iter().all(|word| said("scope", word)), "{account:?}");
    let lists =
        [("models", &account.grants.models), ("t", &account.grants.tools), ("t", &account.grants.jobs)];
    for (claim, list) in lists {
        assert!(list.as_ref().unwrap().iter().all(|word| said(claim, word)), "{account:?}");
    }
}

/// Whether a claim has this word in it.
fn says(claim: &Value, word: &str) -> bool {
    match claim {
        Value::String(text) => text.split_whitespace().any(|said| said == word),
        Value::Array(list) => list.iter().any(|said| said == word),
        _ => false,
    }
}
