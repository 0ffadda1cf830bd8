//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::net::IpAddr;

use egress::{EgressOptions, Hosts, Path, check_url, header};
use url::{Host, Url};

/// Takes the lines of `bytes` for a URL, an argument of a path, and a header.
pub fn check_request(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    url(line());
    path(line());
    a_header(line(), line());
}

fn url(text: &str) {
    let Ok(url) = check_url(text, &EgressOptions::new(Hosts::Public)) else { return };
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none());
    match url.host() {
        Some(Host::Ipv4(address)) => assert!(is_public(address.into()), "{address}"),
        Some(Host::Ipv6(address)) => assert!(is_public(address.into()), "{address}"),
        Some(Host::Domain(name)) => assert!(name.parse::<IpAddr>().is_err(), "{name}"),
        None => panic!("{text} names no host"),
    }
}

/// By rules that are written here once more.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || first == 0
                || first >= 240
                || (first == 100 && (64..128).contains(&second)))
        }
        // Reached as the IPv4 address that it is.
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => is_public(address.to_canonical()),
        IpAddr::V6(address) => matches!(address.segments()[0], 0x2000..=0x3fff),
    }
}

fn path(value: &str) {
    let Ok(path) = Path::new("/items/{id}/reviews").unwrap().fill(|_| Some(value)) else { return };
    let url = Url::parse("https://host").unwrap().join(&path).unwrap();
    let segments: Vec<_> = url.path_segments().unwrap().collect();
    assert!(matches!(segments.as_slice(), ["items", _, "reviews"]), "{path}");
    assert!(url.query().is_none() && url.fragment().is_none() && url.host_str() == Some("host"));
}

fn a_header(name: &str, value: &str) {
    let Ok((name, value)) = header(name, value) else { return };
    assert!(
        !["host", "content-length", "transfer-encoding", "connection", "cookie"].contains(&name.as_str())
    );
    assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
}
