//! Tokens and merges, written without a copy of them.

use std::collections::HashSet;

use serde::{Serialize, Serializer};

use super::TOKENS;
use crate::{ModelError, gguf::Strings};

/// Tokens as a map to their ids.
pub(super) struct Vocabulary<'a>(pub(super) &'a Strings);

impl Serialize for Vocabulary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().enumerate().map(|(id, token)| (token, id)))
    }
}

/// Merges as pairs.
pub(super) struct Merges<'a>(pub(super) &'a Strings);

impl Serialize for Merges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(|merge| merge.split_once(' ')))
    }
}

/// Fails unless tokens are unique and each merge makes a token out of two.
pub(super) fn check(tokens: &Strings, merges: &Strings) -> Result<(), ModelError> {
    let mut known = HashSet::with_capacity(tokens.len());
    for token in tokens.iter() {
        if !known.insert(token) {
            return Err(ModelError::Duplicate { what: format!("the token {token:?} of {TOKENS}") });
        }
    }
    let mut whole = String::new();
    for merge in merges.iter() {
        let makes_token = merge.split_once(' ').is_some_and(|(left, right)| {
            whole.clear();
            whole.extend([left, right]);
            [left, right, &whole].iter().all(|token| known.contains(token))
        });
        if !makes_token {
            return Err(ModelError::Malformed {
                what: format!("the merge {merge:?}"),
                found: "not made of tokens".into(),
                expected: "two tokens that together are a third, with a space between them".into(),
            });
        }
    }
    Ok(())
}
