//! An address to listen on.

use std::{io::ErrorKind, net::SocketAddr};

/// Reads `127.0.0.1:50051` or `[::1]:50051`; the error says so. For clap's `value_parser`.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_wrong| {
        "expected an IP address and a port, such as 127.0.0.1:50051, 0.0.0.0:50051 or [::1]:50051".to_owned()
    })
}

/// What to do about an address that the system does not let anybody listen on.
pub fn address_advice(refusal: ErrorKind) -> &'static str {
    match refusal {
        ErrorKind::AddrInUse => "choose another port, or end what uses this one",
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address; choose one of its own, or 0.0.0.0 for all of them"
        }
        ErrorKind::PermissionDenied => "not permitted; choose a port above 1023",
        _ => "choose another address",
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_an_ip_and_a_port_and_the_error_has_an_example() {
        assert_eq!(address("127.0.0.1:0").unwrap().port(), 0);
        assert!(address("[::1]:50051").unwrap().is_ipv6());
        for wrong in ["nonsense", "localhost:1", "127.0.0.1", ":1", "127.0.0.1:65536", ""] {
            assert!(address(wrong).unwrap_err().contains("such as 127.0.0.1:50051"), "{wrong}");
        }
    }
}
