//! Callers that are known by their certificates.

use std::{collections::HashMap, sync::Arc};

use accounts::Account;

use crate::Refusal;

/// Who the names in certificates stand for.
#[derive(Default)]
pub(crate) struct Certificates(HashMap<String, Arc<Account>>);

impl Certificates {
    /// `accounts` by name.
    pub(crate) fn new(accounts: impl IntoIterator<Item = (String, Account)>) -> Self {
        Self(accounts.into_iter().map(|(san, account)| (san, Arc::new(account))).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whoever is known by one of these names. A certificate that is several callers' is nobody's.
    pub(crate) fn account(&self, names: &[String]) -> Result<Arc<Account>, Refusal> {
        let mut known = names.iter().filter_map(|name| self.0.get(name));
        let account = known.next().ok_or(Refusal::Certificate)?;
        if known.all(|other| other == account) { Ok(Arc::clone(account)) } else { Err(Refusal::Certificates) }
    }
}

#[cfg(test)]
mod tests {
    use accounts::Account;

    use super::Certificates;
    use crate::Refusal;

    #[test]
    fn a_certificate_is_one_callers_or_nobodys() {
        let account = |name: &str| Account { name: name.to_owned(), ..Account::default() };
        let certificates = Certificates::new([
            ("spiffe://c/a".to_owned(), account("a")),
            ("a.example".to_owned(), account("a")),
            ("b.example".to_owned(), account("b")),
        ]);
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            certificates.account(&names).map(|account| account.name.clone())
        };
        assert_eq!(of(&["x", "spiffe://c/a", "a.example"]), Ok("a".to_owned()));
        assert_eq!(of(&["b.example"]), Ok("b".to_owned()));
        for names in [&[][..], &["x"], &["spiffe://c/A"], &["spiffe://c/a/"]] {
            assert_eq!(of(names), Err(Refusal::Certificate), "{names:?}");
        }
        assert_eq!(of(&["a.example", "b.example"]), Err(Refusal::Certificates));
    }
}
