//! A key as it is kept.

use fault::Violation;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Account, AccountsError, Grants, Limits, check_key_name,
    secret::{self, Digest},
};

/// Characters of a note.
const LONGEST_NOTE: usize = 200;

/// A key that was created and is kept. Its secret is nowhere; only the secret's hash is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Unique, and in the order of creation: 32 hex digits.
    pub id: String,
    /// The principal that calls with it. Several keys may be the same one's, so that one can be put in another's place.
    pub owner: String,
    /// What people wrote about it.
    pub note: String,
    /// How the secret begins, such as `ondol_3f9a…`.
    pub hint: String,
    /// What it allows.
    pub grants: Grants,
    /// Limits of its own.
    pub limits: Limits,
    /// When it was created.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// The SHA-256 of the secret.
    pub(crate) digest: Digest,
}

/// What a key shall be.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// The principal that will call with it, as [`check_key_name`] has it.
    pub owner: String,
    /// For people; at most 200 characters.
    pub note: String,
    /// What it allows.
    pub grants: Grants,
    /// Limits of its own.
    pub limits: Limits,
    /// When it ends by itself; in the future.
    pub expires: Option<Timestamp>,
}

impl NewKey {
    /// What is wrong with it at a moment, field by field.
    pub fn violations(&self, now: Timestamp) -> Vec<Violation> {
        let mut violations = Vec::new();
        if let Err(wrong) = check_key_name(&self.owner) {
            violations.push(Violation::new("owner", wrong.to_string()));
        }
        if self.note.chars().count() > LONGEST_NOTE {
            violations.push(Violation::new("note", format!("expected at most {LONGEST_NOTE} characters")));
        }
        if self.expires.is_some_and(|expires| expires <= now) {
            violations.push(Violation::new("expires", "expected a time in the future, or none"));
        }
        let within = |outer: &str, wrong: Violation| {
            Violation::new(format!("{outer}.{}", wrong.field), wrong.description)
        };
        violations.extend(self.grants.violations().into_iter().map(|wrong| within("grants", wrong)));
        violations.extend(self.limits.violations().into_iter().map(|wrong| within("limits", wrong)));
        violations
    }

    /// Checks every field; errors name them.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), AccountsError> {
        let violations = self.violations(now);
        if violations.is_empty() { Ok(()) } else { Err(AccountsError::InvalidRequest { violations }) }
    }

    pub(crate) fn into_key(self, secret: &secret::Secret, now: Timestamp) -> Key {
        Key {
            id: Uuid::now_v7().simple().to_string(),
            owner: self.owner,
            note: self.note,
            hint: secret.hint(),
            grants: self.grants,
            limits: self.limits,
            created: in_millis(now),
            expires: self.expires.map(in_millis),
            revoked: None,
            digest: secret.digest(),
        }
    }
}

/// As exact as every store keeps it.
fn in_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

impl Key {
    /// An error if it does not open anything any more.
    pub(crate) fn check_alive(&self, now: Timestamp) -> Result<(), AccountsError> {
        if self.revoked.is_some() {
            return Err(AccountsError::Unauthenticated(secret::REVOKED));
        }
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(AccountsError::Unauthenticated(secret::EXPIRED));
        }
        Ok(())
    }

    /// When it ended, if it has: by its own time or by hand, whichever came first.
    pub(crate) fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        self.revoked.into_iter().chain(self.expires).min().filter(|end| *end <= now)
    }

    /// Whoever calls with it.
    pub fn account(&self) -> Account {
        Account {
            id: self.id.clone(),
            name: self.owner.clone(),
            grants: self.grants.clone(),
            limits: self.limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use jiff::Timestamp;

    use super::NewKey;
    use crate::{Grants, Limits, Secret};

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let new = NewKey {
            owner: "a b".to_owned(),
            note: "n".repeat(201),
            grants: Grants { jobs: Some(vec!["*".to_owned()]), ..Grants::default() },
            limits: Limits { concurrency: Some(0), ..Limits::default() },
            expires: Some(Timestamp::UNIX_EPOCH),
        };
        let error = new.check(Timestamp::UNIX_EPOCH).unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["owner", "note", "expires", "grants.jobs[0]", "limits.concurrency"]);
        let right = NewKey { owner: "team-a".to_owned(), ..NewKey::default() };
        right.check(Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn a_key_ends_once_whatever_comes_later() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let new = NewKey { expires: Some(at(20)), ..NewKey::default() };
        let key = new.into_key(&Secret::new().unwrap(), at(0));
        assert_eq!((key.ended(at(19)), key.ended(at(20))), (None, Some(at(20))));
        for (revoked, end) in [(10, 10), (30, 20)] {
            let key = super::Key { revoked: Some(at(revoked)), ..key.clone() };
            assert_eq!(key.ended(at(40)), Some(at(end)), "revoked at {revoked}");
        }
    }
}
