//! Which hosts may be asked.

use std::net::Ipv6Addr;

use url::Url;

use crate::EgressError;

/// Which hosts may be asked, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// These: a name, or `*.` and the end of names, which is not the name itself. With `:PORT` it is that port alone,
    /// with `:*` any, without the usual one of the scheme: whoever names a host does not mean everything that runs on it.
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
                "{wrong:?} is no host: expected a name such as api.example.com or api.example.com:8443, or *.example.com for all below it"
            ))),
            None => Ok(Self::Only(patterns)),
        }
    }

    /// Whether the host of a URL may be asked at its port.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        let Self::Only(patterns) = self else { return true };
        let Some(host) = url.host_str() else { return false };
        let port = url.port_or_known_default();
        patterns.iter().any(|pattern| {
            let (name, wanted) = parts(pattern);
            let is_named = match name.strip_prefix('*') {
                Some(end) => host.len() > end.len() && host.ends_with(end),
                None => host == name,
            };
            let is_its_port = match wanted {
                None => url.port().is_none(),
                Some("*") => true,
                Some(wanted) => wanted.parse().ok() == port,
            };
            is_named && is_its_port
        })
    }
}

/// The host of a pattern, and its port. The colons of an address in brackets are none of a port.
fn parts(pattern: &str) -> (&str, Option<&str>) {
    match pattern.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (pattern, None),
    }
}

/// A name, an address, or `*.` and a name of two parts or more; then perhaps a port.
fn is_pattern(pattern: &str) -> bool {
    let (host, port) = parts(pattern);
    let name = host.strip_prefix("*.").unwrap_or(host);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_plain = address.map_or_else(
        || name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)),
        |address| address.parse::<Ipv6Addr>().is_ok(),
    );
    let broad = host.starts_with('*') && !name.contains('.');
    let is_port = port.is_none_or(|port| port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0));
    !name.is_empty() && is_plain && is_port && !broad && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn allow(hosts: &Hosts, url: &str) -> bool {
        hosts.allow(&url.parse().unwrap())
    }

    #[test]
    fn a_star_stands_for_names_below() {
        let hosts = Hosts::only(["api.example.com", "*.shop.example"].map(String::from)).unwrap();
        for good in ["https://api.example.com", "https://a.shop.example", "https://b.a.shop.example"] {
            assert!(allow(&hosts, good), "{good}");
        }
        let attacks = [
            "https://example.com",
            "https://evil-api.example.com",
            "https://api.example.com.evil.net",
            "https://shop.example",
            "https://evilshop.example",
            "https://api.example.com.",
            "data:text/plain,x",
        ];
        for bad in attacks {
            assert!(!allow(&hosts, bad), "{bad}");
        }
    }

    #[test]
    fn a_host_is_one_port_of_it() {
        let patterns = ["a.example", "b.example:8443", "*.c.example:443", "[::1]", "[::2]:82", "d.example:*"];
        let hosts = Hosts::only(patterns.map(String::from)).unwrap();
        let good = [
            "https://a.example",
            "http://a.example:80",
            "https://b.example:8443",
            "https://x.c.example",
            "http://x.c.example:443",
            "https://[::1]",
            "https://[::2]:82",
            "https://d.example",
            "https://d.example:83",
        ];
        for good in good {
            assert!(allow(&hosts, good), "{good}");
        }
        let attacks = [
            "https://a.example:22",
            "https://a.example:80",
            "https://b.example",
            "https://b.example:844",
            "http://x.c.example",
            "https://[::1]:1",
            "https://[::2]",
        ];
        for bad in attacks {
            assert!(!allow(&hosts, bad), "{bad}");
        }
    }

    #[test]
    fn patterns_are_hosts() {
        let wrong = [
            "",
            "*",
            "*.com",
            "http://a",
            "a/b",
            "a b",
            "*.*.com",
            "é.com",
            ".example.com",
            "a:",
            "a:0",
            "a:65536",
            "a:b",
            "a:1:2",
            "::1",
            "[::1",
            "[x]",
            ":80",
        ];
        for bad in wrong {
            assert!(Hosts::only([bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
