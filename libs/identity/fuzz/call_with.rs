//! What the fuzz target `authorization` does with its input. The crate's tests do the same with the seeds.

mod asked;
mod expected;
mod known;
mod signer;

use std::sync::Arc;

use accounts::{Account, AccountsError};
use fault::{Chain, Fault, Kind};
use futures::FutureExt;
use http::{HeaderMap, header::AUTHORIZATION};
use identity::{Callers, IdentityError};

use self::{asked::Asked, known::KNOWN};

/// A bearer from here on can be in an error only because it was put there.
const TELLING: usize = 32;

/// Takes `bytes` for what somebody sends, and for what whoever makes tokens put into them (`asked`). A caller comes of it
/// exactly where a key, a token or a certificate is good (`expected`), whatever else is sent, at once, and no error repeats a
/// secret. The answer is whether one did.
pub(crate) fn call_with(bytes: &[u8]) -> bool {
    let _time_stands_still = KNOWN.runtime.enter();
    let (asked, keyring) = (Asked::of(bytes), KNOWN.keyring());
    let callers = Callers::new(keyring.clone(), KNOWN.identities.clone());
    let names = asked.certificate.as_deref();
    let caller = told(&asked, at_once(callers.caller(&asked.headers, names)));
    expected::of(&asked).check(caller.as_ref());
    let ask = |headers: &HeaderMap, names| told(&asked, at_once(callers.caller(headers, names)));
    assert_eq!(ask(&asked.headers, names), caller, "asked once more");
    let alone = asked.headers.iter().filter(|(name, _)| **name == AUTHORIZATION);
    let alone: HeaderMap = alone.map(|(name, value)| (name.clone(), value.clone())).collect();
    assert_eq!(ask(&alone, names), caller, "without other headers");
    let anybody = at_once(callers.anybody(&asked.headers, names));
    if alone.is_empty() {
        assert_eq!(anybody.unwrap().map(|account| Account::clone(&account)), caller);
    } else {
        assert_eq!(told(&asked, anybody.map(Option::unwrap)), caller);
        let other = ["spiffe://c/a".to_owned()];
        assert_eq!(ask(&asked.headers, Some(&other)), caller, "with another certificate");
    }
    // A door that knows keys alone takes neither tokens nor certificates.
    let door = Callers::of_keys(keyring);
    let by_key = told(&asked, at_once(door.caller(&asked.headers, names)));
    assert_eq!(by_key.map(|account| account.id), expected::of_key(&asked.headers));
    caller.is_some()
}

/// Nothing that a stranger sends makes anybody wait, as keys are in memory and issuers have been asked.
fn at_once<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().unwrap()
}

/// Whoever it is, who can be told to services behind the door; or nobody, in words that give nothing away.
fn told(asked: &Asked, answer: Result<Arc<Account>, IdentityError>) -> Option<Account> {
    let account = match answer {
        Ok(account) => Account::clone(&account),
        Err(error) => {
            refused(asked, &error);
            return None;
        }
    };
    assert!((1..=256).contains(&account.name.len()), "{account:?}");
    assert!(account.name.bytes().all(|byte| byte.is_ascii_graphic()), "{account:?}");
    assert_eq!(account.grants.violations(), []);
    let line = account.grants.to_line();
    assert!(line.len() <= 8192 && line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
    assert_eq!(accounts::Grants::from_line(&line), account.grants);
    Some(account)
}

fn refused(asked: &Asked, error: &IdentityError) {
    assert_eq!(error.kind(), Kind::Unauthenticated, "{error}");
    assert_eq!(error.reason(), "UNAUTHENTICATED");
    let known = matches!(
        error,
        IdentityError::Refused(_) | IdentityError::Accounts(AccountsError::Unauthenticated(_))
    );
    assert!(known && error.retry_after().is_none() && error.violations().is_empty(), "{error:?}");
    let told = format!("{} {error:?} {}", Chain(error), error.public_message());
    assert!(!told.contains("example") && told.len() < 1024, "{told}");
    for value in asked.headers.get_all(AUTHORIZATION) {
        let sent = String::from_utf8_lossy(value.as_bytes());
        let secret = sent.split_once(' ').map_or(&*sent, |(_, secret)| secret);
        assert!(secret.len() < TELLING || !told.contains(secret), "{told}");
    }
}
