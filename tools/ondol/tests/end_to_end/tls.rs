//! TLS and mutual TLS, as a user sets them up.

use std::{fs, path::PathBuf, process::Output};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::stack::{Stack, ondol, text};

/// A server's certificate that signs itself, and a client's that an authority signed.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: String| fs::write(folder.path().join(name), pem).unwrap();
    let server = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    write("server.pem", server.cert.pem());
    write("server.key", server.signing_key.serialize_pem());

    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    write("ca.pem", params.self_signed(&key).unwrap().pem());
    let authority = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let client = CertificateParams::new(vec!["laptop".to_owned()]).unwrap().signed_by(&key, &authority);
    write("client.pem", client.unwrap().pem());
    write("client.key", key.serialize_pem());
    folder
}

#[test]
fn a_client_shows_its_certificate_and_learns_what_is_in_the_way() {
    let files = certificates();
    let at = |name: &str| text(&files.path().join(name)).to_owned();
    let (server, server_key, ca) = (at("server.pem"), at("server.key"), at("ca.pem"));
    let (client, client_key) = (at("client.pem"), at("client.key"));
    let known = files.path().join("identities.toml");
    fs::write(&known, "[[certificates]]\nsan = \"laptop\"\nname = \"team-a\"\n").unwrap();
    let mutual = [
        &["--tls-cert", &server, "--tls-key", &server_key][..],
        &["--tls-client-ca", &ca, "--identities-file", text(&known)],
    ]
    .concat();
    let Some(stack) = Stack::start_with(&mutual) else { return };
    let port = stack.api.port();
    let key_file = stack.key_file();
    let generate = |scheme: &str, tls: &[&str]| {
        let server = format!("{scheme}://localhost:{port}");
        let to = ["generate", "--max-tokens", "2", "--server", &server, "--key-file", text(&key_file)];
        let mut command = ondol(&[&to[..], tls, &["Hi"]].concat());
        let Output { status, stderr, .. } = command.env("ONDOL_API_KEY", "").output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    };

    let shown = ["--tls-ca", &server, "--tls-cert", &client, "--tls-key", &client_key];
    assert_eq!(generate("https", &shown), (Some(0), String::new()));
    // The certificate is what opens the door, and no key goes with it that was not given.
    let listed = ondol(
        &[&["call", "ListModels", "--server", &format!("https://localhost:{port}")], &shown[..]].concat(),
    )
    .args(["--key-file", "/nowhere/at/all"])
    .env("ONDOL_API_KEY", "")
    .output()
    .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let (code, err) = generate("https", &[&shown[..], &["--api-key", "guessed"]].concat());
    assert!(code == Some(1) && err.contains("UNAUTHENTICATED"), "a wrong key is not made good: {err}");
    for (scheme, tls, words) in [
        ("https", &shown[..2], &["--tls-cert and --tls-key"][..]),
        ("https", &["--tls-ca", &ca], &["invalid peer certificate", "--tls-ca must name"]),
        ("http", &[], &["does it speak TLS?", "https://"]),
    ] {
        let (code, err) = generate(scheme, tls);
        assert_eq!(code, Some(1), "{err}");
        for word in words {
            assert!(err.contains(word), "{word} is missing in {err}");
        }
    }
}

#[test]
fn a_certificate_and_its_key_need_each_other_and_https() {
    for (arguments, code, word) in [
        (&["--tls-cert", "c.pem"][..], 2, "--tls-key"),
        (&["--tls-key", "c.key"], 2, "--tls-cert"),
        (&["--tls-cert", "c.pem", "--tls-key", "c.key", "--api-key", "k"], 1, "https"),
    ] {
        let Output { status, stderr, .. } =
            ondol(&[&["generate", "Hi"], arguments].concat()).output().unwrap();
        let err = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{err}");
        assert!(err.contains(word), "{err}");
    }
}

#[test]
fn wrong_tls_files_are_found_before_the_models_are_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let (certificate, key, models) = (path("none.pem"), path("key"), path("models"));
    let ports = ["up", "--listen", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    let places = ["--key-file", text(&key), "--models", text(&models)];
    let tls = ["--tls-cert", text(&certificate), "--tls-key", text(&certificate)];
    let Output { status, stderr, .. } = ondol(&[&ports[..], &places, &tls].concat()).output().unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{err}");
    assert!(err.contains("none.pem") && err.contains("No such file"), "{err}");
    assert!(!err.contains("PEM file") && !err.contains("models"), "{err}");
}
