//! Who called.

use crate::{Grants, Limits};

/// Whoever a key, a token or a certificate stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What its use is counted under, without spaces: the id of the key, so that each key has limits of its own.
    pub id: String,
    /// The name of the caller, its principal. Several keys may have the same.
    pub name: String,
    /// What the key allows.
    pub grants: Grants,
    /// Limits of the key's own; others may hold beside them.
    pub limits: Limits,
}
