//! How urgent a call is, among those that wait for the same release.

use accounts::Grants;
use contract::Invalid;
use http::HeaderMap;

/// The header in which callers say it.
pub(crate) const PRIORITY: &str = "x-ondol-priority";

/// The scope of keys whose calls may go before those of others.
const SCOPE: &str = "priority";

/// How urgent a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Sent away first.
    Low,
    /// What nobody says anything of.
    #[default]
    Normal,
    /// Sent away last.
    High,
}

impl Priority {
    /// All, the least urgent first.
    pub(super) const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// What a call says of itself. `high` is for keys with a scope, so that nobody goes before others by saying so.
    pub(crate) fn of(headers: &HeaderMap, granted: &Grants) -> Result<Self, Invalid> {
        let Some(said) = headers.get(PRIORITY) else { return Ok(Self::default()) };
        match said.as_bytes() {
            b"low" => Ok(Self::Low),
            b"normal" => Ok(Self::Normal),
            b"high" if granted.scopes.contains(SCOPE) => Ok(Self::High),
            b"high" => Err(Invalid::field(PRIORITY, "`high` is for keys with the scope `priority`")),
            _ => Err(Invalid::field(PRIORITY, format!("expected high, normal or low, got {said:?}"))),
        }
    }

    /// What a call says of itself before anybody knows what it may say: nothing where it says more than everybody may.
    pub(crate) fn claimed(headers: &HeaderMap) -> Option<Self> {
        Self::of(headers, &Grants::from_line("")).ok()
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use accounts::Grants;
    use http::HeaderMap;

    use super::{PRIORITY, Priority};

    #[test]
    fn is_normal_unless_it_is_said_and_high_for_those_who_may() {
        let of = |said: Option<&str>, scopes: &str| {
            let headers: HeaderMap =
                said.map(|said| (PRIORITY.parse().unwrap(), said.parse().unwrap())).into_iter().collect();
            Priority::of(&headers, &Grants::from_line(scopes)).ok()
        };
        assert_eq!(of(None, "scopes="), Some(Priority::Normal));
        assert_eq!(of(Some("low"), "scopes="), Some(Priority::Low));
        assert_eq!(of(Some("high"), "scopes=priority"), Some(Priority::High));
        let claimed = |said: &str| {
            Priority::claimed(&[(PRIORITY.parse().unwrap(), said.parse().unwrap())].into_iter().collect())
        };
        assert_eq!((claimed("low"), claimed("high")), (Some(Priority::Low), None));
        assert_eq!((of(Some("high"), "scopes="), of(Some("urgent"), "scopes=priority")), (None, None));
    }
}
