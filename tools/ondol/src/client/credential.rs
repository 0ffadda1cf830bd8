//! What a call shows of who makes it: a key, or none where the certificate tells.

use std::net::IpAddr;

use anyhow::{Context, bail};
use tonic::transport::Uri;

use super::Connection;
use crate::development_key;

/// Whom the server lets in by what is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Callers that it knows.
    Guarded,
    /// Everybody, such as a load balancer that asks for health.
    Open,
}

/// The key that goes with calls, if one does.
pub(super) fn key(connection: &Connection, door: Door) -> anyhow::Result<Option<String>> {
    // A variable that is empty is how scripts leave it out.
    let given = connection.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty());
    if let Some(given) = given {
        return Ok(Some(given.to_owned()));
    }
    // Servers look at a certificate only where no key came.
    if door == Door::Open || connection.tls_cert.is_some() {
        return Ok(None);
    }
    let path = &connection.key_file.path;
    let shown = path.display();
    if !is_here(&connection.server) {
        bail!(
            "no API key: give --api-key or ONDOL_API_KEY; the development key of `ondol up` in {shown} goes to this machine \
             alone (127.0.0.0/8, ::1 and localhost)"
        );
    }
    let key = development_key::read(path)?.with_context(|| {
        format!("no API key: give --api-key or ONDOL_API_KEY, or run `ondol up`, which writes one to {shown}")
    })?;
    Ok(Some(key))
}

/// Whether the server is reached without leaving this machine.
pub(crate) fn is_here(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse().map_or(host.eq_ignore_ascii_case("localhost"), |address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Connection, Door, is_here, key};
    use crate::{folders::DevelopmentKeyFile, keys::new_secret};

    fn to(server: &str, key_file: &std::path::Path) -> Connection {
        Connection {
            server: server.parse().unwrap(),
            api_key: None,
            key_file: DevelopmentKeyFile { path: key_file.to_owned() },
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
        }
    }

    #[test]
    fn only_this_machine_is_here() {
        for here in ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LocalHost"] {
            assert!(is_here(&format!("http://{here}:50051").parse().unwrap()), "{here}");
        }
        let elsewhere =
            ["api.example", "localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "[::2]"];
        for elsewhere in elsewhere {
            assert!(!is_here(&format!("http://{elsewhere}:50051").parse().unwrap()), "{elsewhere}");
        }
    }

    #[test]
    fn the_development_key_stays_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let secret = new_secret().unwrap();
        fs::write(&file, &secret).unwrap();
        let here = to("http://localhost:1", &file);
        assert_eq!(key(&here, Door::Guarded).unwrap(), Some(secret));
        assert_eq!(key(&here, Door::Open).unwrap(), None, "nobody needs it there");
        for server in ["http://api.example:1", "https://10.0.0.1:1"] {
            let elsewhere = to(server, &file);
            let refusal = key(&elsewhere, Door::Guarded).unwrap_err().to_string();
            assert!(
                refusal.contains("give --api-key") && refusal.contains("this machine alone"),
                "{refusal}"
            );
            let given = Connection { api_key: Some("k".into()), ..elsewhere };
            assert_eq!(key(&given, Door::Guarded).unwrap().as_deref(), Some("k"));
        }
    }

    #[test]
    fn a_certificate_goes_without_a_key_unless_one_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, new_secret().unwrap()).unwrap();
        for (api_key, sent) in [(None, None), (Some(""), None), (Some(" "), None), (Some("k\n"), Some("k"))] {
            let connection = Connection {
                api_key: api_key.map(str::to_owned),
                tls_cert: Some("client.pem".into()),
                tls_key: Some("client.key".into()),
                ..to("https://localhost:1", &file)
            };
            assert_eq!(key(&connection, Door::Guarded).unwrap().as_deref(), sent, "{api_key:?}");
        }
        let empty = Connection { api_key: Some(String::new()), ..to("http://localhost:1", &file) };
        assert!(key(&empty, Door::Guarded).unwrap().unwrap().starts_with("ondol_"), "an empty one is none");
    }
}
