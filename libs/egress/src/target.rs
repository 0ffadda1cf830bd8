//! Whether a URL may be asked.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{EgressError, EgressOptions, check_address};

/// The longest URL that is sent.
const LONGEST: usize = 8192;

/// Reads a URL and checks it as far as can be told without resolving its name. `url` reads hosts as browsers do, so every
/// spelling of an address (decimal, octal, hexadecimal, short, full-width digits) is one address here.
pub fn check_url(text: &str, options: &EgressOptions) -> Result<Url, EgressError> {
    if text.len() > LONGEST {
        return Err(EgressError::Invalid(format!("the URL is longer than {LONGEST} bytes")));
    }
    let url =
        Url::parse(text).map_err(|error| EgressError::Invalid(format!("the URL cannot be read: {error}")))?;
    check(&url, options)?;
    Ok(url)
}

/// The same of a URL that was read.
pub(crate) fn check(url: &Url, options: &EgressOptions) -> Result<(), EgressError> {
    let refused = |why: &str| {
        Err(EgressError::Refused {
            target: format!("{}://{}", url.scheme(), host_of(url)),
            why: why.to_owned(),
        })
    };
    match url.scheme() {
        "https" => {}
        "http" if options.plain_http => {}
        "http" => return refused("only https is allowed"),
        _ => return refused("only http and https can be"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("a URL with a user in it means another host than it seems to");
    }
    let Some(host) = url.host() else { return refused("it names no host") };
    let name = host.to_string();
    if !options.hosts.allow(url) {
        return refused("it is not on the list of hosts");
    }
    // The client does not resolve what is an address already.
    let address = match host {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain(_) => return Ok(()),
    };
    check_address(address, &options.private).map_err(|refusal| EgressError::Address { host: name, refusal })
}

/// The host of a URL, and its port where that is not the usual one, for errors and metrics: never its path or query,
/// which may hold secrets.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::check_url;
    use crate::{EgressError, EgressOptions, Hosts};

    fn public() -> EgressOptions {
        EgressOptions { plain_http: true, ..EgressOptions::new(Hosts::Public) }
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        let loopback = [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://127.1/",
            "http://127.0.1/",
            "http://127.0.0.1./",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://%31%32%37.0.0.1/",
            "http:\\\\127.0.0.1\\",
            "http:127.0.0.1",
            "http:///127.0.0.1/",
        ];
        for attack in loopback {
            let refused = check_url(attack, &public());
            assert!(matches!(refused, Err(EgressError::Address { .. })), "{attack}: {refused:?}");
        }
        for attack in
            ["http://169.254.169.254/latest/meta-data/", "http://0xa9fea9fe/", "http://[fd00:ec2::254]/"]
        {
            assert!(check_url(attack, &public()).is_err(), "{attack}");
        }
    }

    #[test]
    fn other_schemes_and_hidden_hosts_are_refused() {
        let attacks = [
            "file:///etc/passwd",
            "gopher://example.com/",
            "ftp://example.com/",
            "data:text/plain,x",
            "javascript:1",
            "http://example.com@127.0.0.1/",
            "https://user:secret@example.com/",
            "https://",
            "//example.com/",
            "example.com",
            "",
            "https://exa mple.com/",
            "https://[::1/",
        ];
        for attack in attacks {
            let error = check_url(attack, &public()).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let long = format!("https://example.com/{}", "x".repeat(9000));
        assert!(check_url(&long, &public()).is_err());
    }

    #[test]
    fn only_hosts_of_the_list_are_asked_and_only_by_https() {
        let hosts = Hosts::only(["api.example.com".to_owned()]).unwrap();
        let options = EgressOptions::new(hosts);
        check_url("https://api.example.com/x?y=z", &options).unwrap();
        check_url("https://API.EXAMPLE.com/x", &options).unwrap();
        for attack in [
            "http://api.example.com/",
            "https://evil.net/api.example.com",
            "https://api.example.com.evil.net/",
            "https://api.example.com:9090/",
        ] {
            assert!(check_url(attack, &options).is_err(), "{attack}");
        }
    }
}
