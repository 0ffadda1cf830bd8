//! Callers that are known by a token or a certificate instead of a key.

use std::{fs, net::SocketAddr, path::PathBuf};

use proto::inference::v1::{
    inference_service_client::InferenceServiceClient, inference_service_server::InferenceServiceServer,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use runtime::Life;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{
    Code, Request,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, server::TcpIncoming},
};

use crate::{
    scripted::{Script, Scripted},
    stand::{Stand, ask, keyed, line, refusal},
};

const TEAM: &str = "spiffe://cluster.example/ns/team-a";

/// An authority, what it has signed, and who is known by that.
struct Files {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap().pem();
        let files = Self { folder: tempfile::tempdir().unwrap(), authority: Issuer::new(params, key) };
        files.write("ca.pem", &ca);
        let (server, server_key) = files.sign(SanType::DnsName("localhost".try_into().unwrap()));
        files.write("server.pem", &server);
        files.write("server.key", &server_key);
        let known = format!(
            "[[certificates]]\nsan = \"{TEAM}\"\nname = \"team-a\"\ngrants = {{ scopes = [\"shopping\"] }}\n"
        );
        files.write("identities.toml", &known);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn sign(&self, name: SanType) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names.push(name);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    /// A connection that shows a certificate with this URI.
    fn channel(&self, address: SocketAddr, uri: &str) -> Channel {
        let (certificate, key) = self.sign(SanType::URI(uri.try_into().unwrap()));
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(fs::read(self.path("ca.pem")).unwrap()))
            .identity(Identity::from_pem(certificate, key));
        let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
        endpoint.tls_config(tls).unwrap().connect_lazy()
    }
}

/// Api with mutual TLS, and who stands behind it.
async fn start(
    files: &Files,
    serving: &mut JoinSet<Result<(), tonic::transport::Error>>,
) -> (SocketAddr, Scripted) {
    let upstream = Scripted::new(Script::Greet);
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let behind = incoming.local_addr().unwrap();
    let server = Server::builder().add_service(InferenceServiceServer::new(upstream.clone()));
    serving.spawn(server.serve_with_incoming(incoming));
    let files = ["server.pem", "server.key", "ca.pem", "identities.toml"].map(|name| files.path(name));
    let files = files.each_ref().map(|path| path.to_str().unwrap());
    let [certificate, key, authority, identities] = files;
    let flags = ["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", authority];
    let flags = [&flags[..], &["--identities-file", identities]].concat();
    let arguments = line(&format!("http://{behind}"), &flags);
    (api::start(arguments, Life::new()).await.unwrap(), upstream)
}

#[tokio::test]
async fn a_certificate_is_a_caller_where_no_key_comes() {
    let files = Files::new();
    let mut serving = JoinSet::new();
    let (address, upstream) = start(&files, &mut serving).await;
    let mut known = InferenceServiceClient::new(files.channel(address, TEAM));
    known.generate_text(ask()).await.unwrap();
    known.generate_text(keyed(ask())).await.unwrap();
    let asked = upstream.asked();
    let said = |call: usize, header: &str| asked[call].get(header).unwrap().to_str().unwrap().to_owned();
    assert_eq!(said(0, "x-ondol-principal"), "team-a");
    assert_eq!(said(0, "x-ondol-grants"), "scopes=shopping");
    assert_eq!(said(1, "x-ondol-principal"), crate::stand::OWNER);

    // The authority's word is enough for the connection, and not for a call.
    let mut stranger =
        InferenceServiceClient::new(files.channel(address, "spiffe://cluster.example/ns/team-b"));
    let status = stranger.generate_text(ask()).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()));
    stranger.generate_text(keyed(ask())).await.unwrap();
    // A wrong key is not made good by the connection.
    let mut wrong = Request::new(ask());
    wrong.metadata_mut().insert("authorization", "Bearer wrong".parse().unwrap());
    let status = known.generate_text(wrong).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()));
    assert_eq!(upstream.asked().len(), 3);
}

#[tokio::test]
async fn certificates_that_nobody_asks_for_are_a_mistake() {
    let files = Files::new();
    let path = files.path("identities.toml");
    let arguments = line("http://127.0.0.1:1", &["--identities-file", path.to_str().unwrap()]);
    let error = api::start(arguments, Life::new()).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("--tls-client-ca"), "{error}");
}

#[tokio::test]
async fn a_token_of_nobodys_issuer_is_refused_beside_keys_that_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities.toml");
    // Nobody is there, and a token of another issuer is no reason to wait for that.
    let table = "[[issuers]]\nname = \"corp\"\nissuer = \"http://127.0.0.1:1\"\naudiences = [\"ondol\"]\n";
    fs::write(&path, table).unwrap();
    let stand = Stand::with(Script::Greet, &["--identities-file", path.to_str().unwrap()]).await;
    stand.client().generate_text(keyed(ask())).await.unwrap();
    // {"alg":"RS256"} and {"iss":"x"}
    let mut request = Request::new(ask());
    let token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln";
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    let status = stand.client().generate_text(request).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()));
    assert!(status.message().contains("issuer"), "{status:?}");
    // {"iss":"http://127.0.0.1:1"}
    let mut request = Request::new(ask());
    let token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjEifQ.c2ln";
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    let status = stand.client().generate_text(request).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unavailable, "ISSUER_UNAVAILABLE".into()));
    let mut request = Request::new(ask());
    request.metadata_mut().insert("authorization", "Bearer key.with.dots".parse().unwrap());
    let status = stand.client().generate_text(request).await.unwrap_err();
    assert!(status.message().contains("API key"), "{status:?}");
}
