//! Redis behind TLS, where each side shows who it is. The server that tests are run with has none, so something before
//! it speaks TLS.

use std::{fs, path::PathBuf, sync::Arc};

use fault::{Chain, Fault, Kind};
use jobs::{Queue, Receipt, RedisOptions, RedisQueue};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use testkit::Redis;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::scene::{LEASE, PATIENCE, claim, eventually, finish, job, name, options, policies};

/// An authority and what it signed, as files.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A certificate for a host, and its key.
    fn sign(&self, host: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let files = (self.file(&format!("{host}.pem")), self.file(&format!("{host}.key")));
        fs::write(&files.0, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    fn acceptor(&self, host: &str, asks_clients: bool) -> TlsAcceptor {
        let (certificate, key) = self.sign(host);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from_pem_file(self.file("ca.pem")).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider);
        let config = if asks_clients {
            config.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let certificate = CertificateDer::from_pem_file(certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
    }
}

/// A Redis that only TLS leads to.
struct Front {
    redis: Redis,
    port: u16,
    _doors: JoinSet<()>,
}

impl Front {
    async fn new(acceptor: TlsAcceptor) -> Self {
        // As every service does at its start; a second time it is refused, which is as well.
        drop(aws_lc_rs::default_provider().install_default());
        let redis = Redis::start().unwrap();
        let socket = redis.url().trim_start_matches("unix://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut doors = JoinSet::new();
        doors.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                guests.spawn(serve(acceptor.clone(), stream, socket.clone()));
            }
        });
        Self { redis, port, _doors: doors }
    }

    fn options(&self, authority: &Authority) -> RedisOptions {
        let url = format!("rediss://localhost:{}", self.port);
        RedisOptions { authority: Some(authority.file("ca.pem")), ..options(url) }
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, socket: String) {
    // Either side may go as it pleases; the tests look at what the client makes of it.
    if let Ok(mut guest) = acceptor.accept(stream).await
        && let Ok(mut redis) = UnixStream::connect(socket).await
    {
        drop(copy_bidirectional(&mut guest, &mut redis).await);
    }
}

fn queue(options: RedisOptions) -> RedisQueue {
    RedisQueue::new(options, policies()).unwrap()
}

/// The whole of what is said about a connection that does not come about.
async fn refusal(options: RedisOptions) -> String {
    let refused = queue(options).ping().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    Chain(&refused).to_string()
}

#[tokio::test]
async fn a_queue_works_over_tls() {
    let authority = Authority::new();
    let front = Front::new(authority.acceptor("localhost", false)).await;
    let queue = queue(front.options(&authority));
    let kinds = [name("work")];
    // The bell has connections of its own.
    let ring = async {
        eventually(async || front.redis.ask(&["CLIENT", "LIST"]).unwrap().contains("cmd=blpop")).await;
        queue.enqueue(vec![job("work")]).await.remove(0).unwrap().id
    };
    let ((), id) = tokio::join!(queue.wait(&kinds, PATIENCE), ring);
    let claimed = claim(&queue, "work", 1, LEASE).await;
    assert_eq!(claimed[0].ticket.id, id);
    assert_eq!(finish(&queue, &claimed[0]).await, Receipt::Accepted);
    // Cut connections are made again, with everything that belongs to them.
    front.redis.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    queue.stats().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_the_one_meant_is_refused() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let front = Front::new(authority.acceptor("localhost", false)).await;
    let said = refusal(front.options(&stranger)).await;
    assert!(said.contains("--redis-ca-file"), "{said}");
    let said = refusal(RedisOptions { authority: None, ..front.options(&authority) }).await;
    assert!(said.contains("--redis-ca-file"), "{said}");

    let elsewhere = Front::new(authority.acceptor("redis.elsewhere", false)).await;
    let said = refusal(elsewhere.options(&authority)).await;
    assert!(said.contains("another name than the host in --redis-url"), "{said}");
}

#[tokio::test]
async fn with_mutual_tls_a_client_shows_its_certificate() {
    let authority = Authority::new();
    let front = Front::new(authority.acceptor("localhost", true)).await;
    let identity = Some(authority.sign("worker"));
    let known = RedisOptions { identity, ..front.options(&authority) };
    queue(known.clone()).enqueue(vec![job("work")]).await.remove(0).unwrap();

    let said = refusal(front.options(&authority)).await;
    assert!(said.contains("--redis-certificate-file"), "{said}");
    let stranger = RedisOptions { identity: Some(Authority::new().sign("worker")), ..known.clone() };
    // Its folder is gone, and the flag is named.
    let error = RedisQueue::new(stranger, policies()).err().unwrap();
    assert!(error.to_string().starts_with("--redis-certificate-file "), "{error}");
    let other = Authority::new();
    let said = refusal(RedisOptions { identity: Some(other.sign("worker")), ..known.clone() }).await;
    assert!(said.contains("--redis-certificate-file"), "{said}");
    let mixed = (authority.file("worker.pem"), other.file("worker.key"));
    let said = refusal(RedisOptions { identity: Some(mixed), ..known }).await;
    assert!(said.contains("--redis-key-file is not the key"), "{said}");
}
