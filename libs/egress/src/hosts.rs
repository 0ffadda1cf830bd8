//! Which hosts may be asked.

use crate::EgressError;

/// Which hosts may be asked, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// These: a name, or `*.` and the end of names, which is not the name itself.
    Only(Vec<String>),
    /// All of the public internet: for addresses that callers give.
    Public,
}

impl Hosts {
    /// Those of this list, each checked.
    pub fn only(patterns: impl IntoIterator<Item = String>) -> Result<Self, EgressError> {
        let patterns: Vec<_> = patterns.into_iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
        match patterns.iter().find(|pattern| !is_pattern(pattern)) {
            Some(wrong) => Err(EgressError::Setting(format!(
                "{wrong:?} is no host: expected a name such as api.example.com, or *.example.com for all below it"
            ))),
            None => Ok(Self::Only(patterns)),
        }
    }

    /// Whether a host, as a URL has it, may be asked.
    pub(crate) fn allow(&self, host: &str) -> bool {
        let Self::Only(patterns) = self else { return true };
        patterns.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == pattern,
        })
    }
}

/// A name, an address, or `*.` and a name of two parts or more.
fn is_pattern(pattern: &str) -> bool {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let broad = pattern.starts_with('*') && !name.contains('.');
    !name.is_empty() && name.bytes().all(plain) && !broad && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn a_star_stands_for_names_below() {
        let hosts = Hosts::only(["api.example.com", "*.shop.example"].map(String::from)).unwrap();
        for good in ["api.example.com", "a.shop.example", "b.a.shop.example"] {
            assert!(hosts.allow(good), "{good}");
        }
        let attacks = [
            "example.com",
            "evil-api.example.com",
            "api.example.com.evil.net",
            "shop.example",
            "evilshop.example",
            "api.example.com.",
            "",
        ];
        for bad in attacks {
            assert!(!hosts.allow(bad), "{bad}");
        }
    }

    #[test]
    fn patterns_are_hosts() {
        for bad in ["", "*", "*.com", "http://a", "a/b", "a b", "*.*.com", "é.com", ".example.com"] {
            assert!(Hosts::only([bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
