//! TLS and mutual TLS over real sockets.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use prometheus_client::registry::Registry;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rpc::{Obstacle, RpcError, Upstream, UpstreamMetrics, UpstreamSettings, bind};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use crate::harness::{Echo, routes, say, server};

/// An authority and certificates that it signed, as files.
struct Certificates {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(folder.path().join("ca.key"), key.serialize_pem()).unwrap();
        Self { folder, authority: Issuer::new(params, key) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sign(&self, name: &str, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }
}

/// Serves with these arguments while the client calls once.
async fn call(
    arguments: &[&str],
    settings: impl FnOnce(&mut UpstreamSettings),
) -> Result<Response<String>, Status> {
    call_and_ask(arguments, settings).await.0
}

/// The same, and what was in the way of the last connection, in words.
async fn call_and_ask(
    arguments: &[&str],
    settings: impl FnOnce(&mut UpstreamSettings),
) -> (Result<Response<String>, Status>, Option<(Obstacle, String)>) {
    let incoming = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = incoming.local_addr().unwrap().port();
    let mut pod = JoinSet::new();
    let routes = routes(Echo::answering("secret")).await;
    pod.spawn(server(arguments).0.serve(incoming, routes, std::future::pending(), Duration::ZERO));
    let mut chosen = UpstreamSettings::new("echo", format!("https://localhost:{port}").parse().unwrap());
    settings(&mut chosen);
    let metrics = UpstreamMetrics::register(&mut Registry::default());
    let upstream = Upstream::connect(&chosen, &metrics).unwrap();
    let answer = say(upstream.clone(), String::new()).await;
    let failure = upstream.last_failure().map(|failure| (failure.obstacle(), failure.to_string()));
    (answer, failure)
}

fn trusting(authority: &Path) -> impl FnOnce(&mut UpstreamSettings) {
    move |settings| settings.tls_ca = Some(authority.to_owned())
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_served() {
    let files = Certificates::new();
    files.sign("server", "localhost");
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let answer = call(&tls, trusting(&files.file("ca.pem"))).await;
    assert_eq!(answer.unwrap().into_inner(), "secret");

    let stranger = Certificates::new();
    let refused = call(&tls, trusting(&stranger.file("ca.pem"))).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn the_name_in_the_certificate_may_be_another_than_the_hosts() {
    let files = Certificates::new();
    files.sign("server", "inference.ondol");
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    assert!(call(&tls, trusting(&files.file("ca.pem"))).await.is_err());
    let named = |settings: &mut UpstreamSettings| {
        settings.tls_ca = Some(files.file("ca.pem"));
        settings.tls_name = Some("inference.ondol".to_owned());
    };
    assert!(call(&tls, named).await.is_ok());
}

#[tokio::test]
async fn with_mutual_tls_a_client_must_show_who_it_is() {
    let files = Certificates::new();
    files.sign("server", "localhost");
    files.sign("client", "api");
    let (certificate, key, authority) =
        (files.path("server.pem"), files.path("server.key"), files.path("ca.pem"));
    let tls = ["--tls-cert", &certificate, "--tls-key", &key, "--tls-client-ca", &authority];
    let nobody = call(&tls, trusting(&files.file("ca.pem"))).await;
    assert_eq!(nobody.unwrap_err().code(), Code::Unavailable);
    let somebody = |settings: &mut UpstreamSettings| {
        settings.tls_ca = Some(files.file("ca.pem"));
        settings.tls_cert = Some(files.file("client.pem"));
        settings.tls_key = Some(files.file("client.key"));
    };
    assert_eq!(call(&tls, somebody).await.unwrap().into_inner(), "secret");
}

#[tokio::test]
async fn whoever_chose_the_upstream_learns_what_was_in_the_way_and_callers_do_not() {
    let files = Certificates::new();
    files.sign("server", "localhost");
    let (certificate, key, authority) =
        (files.path("server.pem"), files.path("server.key"), files.path("ca.pem"));
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let mutual = [&tls[..], &["--tls-client-ca", &authority]].concat();
    let authority_key = files.path("ca.key");
    let itself = ["--tls-cert", &authority, "--tls-key", &authority_key];
    let stranger = Certificates::new();
    let (its, strangers) = (files.file("ca.pem"), stranger.file("ca.pem"));
    let unserved = |settings: &mut UpstreamSettings| {
        settings.tls_ca = Some(its.clone());
        settings.url = "https://localhost:1".parse().unwrap();
    };
    let (answer, failure) = call_and_ask(&tls, unserved).await;
    assert!(answer.is_err() && failure.as_ref().unwrap().0 == Obstacle::Address, "{failure:?}");

    // The authority that the client trusts; none for plaintext. The last peer's reason may get lost in a broken pipe.
    let cases: [(&[&str], Option<&Path>, Obstacle, &str); 5] = [
        (&tls, Some(&strangers), Obstacle::Certificate, "invalid peer certificate"),
        (&itself, Some(&its), Obstacle::AuthorityAsServer, "CaUsedAsEndEntity"),
        (&[], Some(&its), Obstacle::Plaintext, "corrupt message"),
        (&tls, None, Obstacle::Protocol, ""),
        (&mutual, Some(&its), Obstacle::Protocol, ""),
    ];
    for (arguments, trusted, expected, word) in cases {
        let settings = |settings: &mut UpstreamSettings| match trusted {
            Some(authority) => settings.tls_ca = Some(authority.to_owned()),
            None => settings.url = settings.url.to_string().replace("https", "http").parse().unwrap(),
        };
        let (answer, failure) = call_and_ask(arguments, settings).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        let (obstacle, message) = failure.unwrap();
        assert_eq!(obstacle, expected, "{message}");
        assert!(message.contains(word), "{message}");
        assert!(word.is_empty() || !format!("{status:?}").contains(word), "{status:?}");
    }
    let (answer, failure) = call_and_ask(&tls, trusting(&its)).await;
    assert!(answer.is_ok() && failure.is_none(), "{failure:?}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let connect = |url: &str, change: fn(&mut UpstreamSettings)| {
        let mut settings = UpstreamSettings::new("echo", url.parse().unwrap());
        change(&mut settings);
        let metrics = UpstreamMetrics::register(&mut Registry::default());
        Upstream::connect(&settings, &metrics).unwrap_err()
    };
    let error = connect("https://localhost:1", |_| {});
    assert!(error.to_string().contains("--echo-tls-ca"), "{error}");
    let error = connect("http://localhost:1", |settings| settings.tls_ca = Some("ca.pem".into()));
    assert!(error.to_string().contains("not an https URL"), "{error}");
    let error = connect("https://localhost:1", |settings| settings.tls_ca = Some("none.pem".into()));
    assert!(matches!(error, RpcError::TlsFile { .. }), "{error}");
    assert!(error.to_string().starts_with("--echo-tls-ca none.pem: cannot read a certificate"), "{error}");
    let error = connect("https://localhost:1", |settings| settings.tls_cert = Some("cert.pem".into()));
    assert!(error.to_string().contains("--echo-tls-key"), "{error}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = bind(taken.local_addr().unwrap()).map(drop).unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:"), "{error}");
}
