//! The port for keys that are created while the service runs.

use std::time::Duration;

use crate::{AccountsError, Key, NewKey, counters::Answered, secret::Secret};

/// Keys at most, ended ones that are still kept included.
pub const MOST_KEYS: u64 = 100_000;
/// How long a key can be looked at after it ended.
pub(crate) const ENDED_KEPT: Duration = Duration::from_hours(30 * 24);
/// Keys on a page at most.
const LARGEST_PAGE: u32 = 1_000;

/// Keeps keys. What all implementations promise, `tests/conformance` checks:
///
/// - A secret is answered once, when its key is created, and kept nowhere.
/// - What is revoked is revoked for every later `find`, wherever it is asked.
/// - Ended keys, by time or by hand, are kept for 30 days, and are not on lists after that.
pub trait KeyStore: Send + Sync {
    /// Makes a key, and the secret that is shown this one time.
    fn create(&self, new: NewKey) -> Answered<'_, (Key, Secret)>;

    /// One key.
    fn get<'a>(&'a self, id: &'a str) -> Answered<'a, Key>;

    /// The key whose secret has this SHA-256, ended or not.
    fn find<'a>(&'a self, sha256: &'a [u8; 32]) -> Answered<'a, Option<Key>>;

    /// Keys in the order of their creation, of one owner or of all, from 1 to 1,000 on a page. `after` is the last page's
    /// [`KeyPage::next`]. A page may have fewer than were asked for, and even none, and still have a next one.
    fn list<'a>(&'a self, owner: Option<&'a str>, size: u32, after: Option<&'a str>)
    -> Answered<'a, KeyPage>;

    /// Ends a key. One that was revoked before stays as it was. The answer is the key.
    fn revoke<'a>(&'a self, id: &'a str) -> Answered<'a, Key>;
}

/// Some keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// In the order of their creation.
    pub keys: Vec<Key>,
    /// Where the next page goes on; `None` at the end.
    pub next: Option<String>,
}

pub(crate) fn check_page(size: u32, after: Option<&str>) -> Result<(), AccountsError> {
    if !(1..=LARGEST_PAGE).contains(&size) {
        return Err(AccountsError::invalid("page_size", format!("expected 1 to {LARGEST_PAGE}, got {size}")));
    }
    if after.is_some_and(|token| !is_id(token)) {
        return Err(AccountsError::invalid(
            "page_token",
            "expected the token of a page of this list, unchanged",
        ));
    }
    Ok(())
}

/// Whether a text can be the id of a key: nothing else goes into Redis's names.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

pub(crate) fn not_found(id: &str) -> AccountsError {
    let shown: String = id.chars().take(64).collect();
    AccountsError::NotFound { id: shown }
}
