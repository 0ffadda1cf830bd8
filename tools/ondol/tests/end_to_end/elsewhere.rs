//! Artifacts and uploads that lie in S3, to which the server only shows the way: over TLS, on another host, by a
//! connection that breaks.

use std::{
    fs, io,
    net::SocketAddr,
    process::Output,
    sync::{Arc, Mutex},
};

use futures::{StreamExt, stream};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
use testkit::{Answered, Backend, S3Server};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinSet, yield_now},
};
use tokio_rustls::TlsAcceptor;

use crate::stack::{MODEL, Stack, text};

/// What came to the store by signed URLs.
#[derive(Clone, Default)]
struct Asked {
    requests: Arc<Mutex<Vec<(Method, HeaderMap)>>>,
    /// What goes wrong with the next ones.
    faults: Arc<Mutex<Vec<Fault>>>,
}

#[derive(Clone, Copy)]
enum Fault {
    /// The store is too busy to answer.
    Busy,
    /// The answer breaks off.
    Cut,
}

impl Asked {
    /// Takes a request down; what is to go wrong with it.
    fn note<B>(&self, request: &Request<B>) -> Option<Fault> {
        let signed = request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature="));
        if signed {
            let asked = (request.method().clone(), request.headers().clone());
            self.requests.lock().unwrap().push(asked);
        }
        if signed { self.faults.lock().unwrap().pop() } else { None }
    }

    fn take(&self) -> Vec<(Method, HeaderMap)> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

async fn store(asked: &Asked) -> S3Server {
    let asked = asked.clone();
    let front = move |request: Request<_>, backend: Backend| {
        let fault = asked.note(&request);
        async move { spoiled(backend.answer(request).await, fault).await }
    };
    S3Server::start_behind(&["artifacts"], front).await.unwrap()
}

/// The answer, with what is to go wrong.
async fn spoiled(answer: Answered, fault: Option<Fault>) -> Answered {
    match (answer?, fault) {
        (answer, None) => Ok(answer),
        (mut answer, Some(Fault::Busy)) => {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            Ok(answer)
        }
        (answer, Some(Fault::Cut)) => cut(Ok(answer), 10).await,
    }
}

/// The answer, cut after so many bytes.
async fn cut(answer: Answered, after: usize) -> Answered {
    let (head, body) = answer?.into_parts();
    let whole = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let begun = stream::iter([Ok(Frame::data(whole.slice(..after)))]);
    // What was begun is sent only where the rest is waited for.
    let lost = stream::once(async {
        yield_now().await;
        Err(io::Error::other("cut").into())
    });
    let body: StreamBody<_> = StreamBody::new(begun.chain(lost));
    Ok(Response::from_parts(head, BodyExt::boxed_unsync(body)))
}

/// Speaks TLS for a server that does not; the port, and the certificate to trust.
async fn behind_tls(to: SocketAddr) -> (u16, String, JoinSet<()>) {
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        builder.with_no_client_auth().with_single_cert(vec![pair.cert.der().clone()], key.into()).unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(carry(acceptor.clone(), stream, to));
        }
    });
    (port, pair.cert.pem(), tasks)
}

async fn carry(acceptor: TlsAcceptor, stream: TcpStream, to: SocketAddr) {
    let (near, far) = tokio::join!(acceptor.accept(stream), TcpStream::connect(to));
    if let (Ok(mut near), Ok(mut far)) = (near, far) {
        // A connection that breaks is what the test is about.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_goes_to_s3_and_its_answers_come_from_there() {
    let asked = Asked::default();
    let s3 = store(&asked).await;
    let address = s3.endpoint().trim_start_matches("http://").parse().unwrap();
    let (port, certificate, _tls) = behind_tls(address).await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("ca.pem"), certificate).unwrap();
    let (endpoint, ca) = (format!("https://localhost:{port}"), at("ca.pem"));
    let flags =
        ["--objects-url", "s3://artifacts", "--objects-endpoint", &endpoint, "--objects-region", "us-east-1"];
    let environment = [
        ("SSL_CERT_FILE", text(&ca)),
        ("AWS_ACCESS_KEY_ID", S3Server::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET),
    ];
    let stack = Stack::start_in(&environment, &[&flags[..], &["--artifacts", "redirect"]].concat());
    let Some(stack) = stack else { return };
    let run = |arguments: &[&str]| {
        let Output { status, stdout, stderr } =
            stack.command(arguments).env("SSL_CERT_FILE", &ca).output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(status.success(), "{arguments:?}: {said}");
        String::from_utf8(stdout).unwrap()
    };

    let body = format!(r#"{{"model":"{MODEL}","prompt":"Once","max_tokens":2}}"#);
    let (input, output) = (at("in.jsonl"), at("out.jsonl"));
    fs::write(&input, format!(r#"{{"custom_id":7,"url":"/v1/completions","body":{body}}}"#)).unwrap();
    let out = run(&["jobs", "submit", "batch", text(&input), "--watch"]);
    let path = out.lines().last().unwrap().split(' ').next().unwrap();
    let [(Method::PUT, put)] = &asked.take()[..] else { panic!("one upload") };
    assert_eq!(put["if-none-match"], "*");
    assert_eq!(put[header::CONTENT_TYPE], "application/jsonl");
    assert!(!put.contains_key(header::AUTHORIZATION));

    let answers = run(&["artifact", "get", path]);
    assert!(answers.contains(r#""custom_id":7"#) && answers.contains(r#""status_code":200"#), "{answers}");
    let [(Method::GET, get)] = &asked.take()[..] else { panic!("one download") };
    assert!(!get.contains_key(header::AUTHORIZATION), "our key is for our server");

    *asked.faults.lock().unwrap() = vec![Fault::Cut, Fault::Busy];
    run(&["artifact", "get", path, "--output", text(&output)]);
    assert_eq!(fs::read_to_string(&output).unwrap(), answers);
    let [(_, busy), (_, cut), (_, rest)] = &asked.take()[..] else { panic!("three downloads") };
    assert!(!busy.contains_key(header::RANGE) && !cut.contains_key(header::RANGE));
    assert_eq!(rest[header::RANGE], "bytes=10-");
    assert!(rest.contains_key(header::IF_MATCH) && !rest.contains_key(header::AUTHORIZATION));

    let url = run(&["artifact", "url", path]);
    assert!(url.starts_with(&endpoint) && url.contains("X-Amz-Signature="), "{url}");
    run(&["artifact", "rm", path]);
    assert_eq!(run(&["artifact", "ls", out.lines().next().unwrap()]), "");
}
