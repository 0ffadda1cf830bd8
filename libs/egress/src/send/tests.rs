//! Against an upstream that leads astray, bombs, stalls and lies.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request as Asked, response::Response as Answer, routing::get};
use fault::{Chain, Fault, Kind};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use http::{HeaderValue, Method, header::LOCATION};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use url::Url;

use super::Egress;
use crate::{EgressError, EgressOptions, Hosts, Request, resolver::Lookup};

const LIMIT: usize = 64 * 1024;

struct Upstream {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Upstream {
    async fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new()
            .route("/hello", get(async || "hello"))
            .route("/headers", get(headers).post(headers))
            .route("/lead", get(lead).post(lead))
            .route("/gzip-bomb", get(async || bomb()))
            .route(
                "/endless",
                get(async || {
                    Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1000))))
                }),
            )
            .route("/no-gzip", get(async || encoded("not gzip at all".into())))
            .route("/stalls", get(async || Body::from_stream(stalling())))
            .route("/never", get(async || std::future::pending::<&str>().await));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, _serving: serving }
    }

    /// An upstream that says these bytes and cuts the connection.
    async fn saying(words: &'static str) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(words.as_bytes()).await;
            }
        });
        Self { address, _serving: serving }
    }

    fn request(&self, path: &str) -> Request {
        Request::new(Method::GET, Url::parse(&format!("http://{}{path}", self.address)).unwrap())
    }
}

/// The request's headers, one a line, and its method and body.
async fn headers(asked: Asked) -> String {
    let (parts, body) = asked.into_parts();
    let body = axum::body::to_bytes(body, 1000).await.unwrap();
    let lines = parts.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    format!("{} {}\n{}", parts.method, String::from_utf8_lossy(&body), lines.collect::<String>())
}

/// Leads to `?STATUS TARGET`.
async fn lead(asked: Asked) -> Answer {
    let query = asked.uri().query().unwrap();
    let (status, target) = query.split_once('&').unwrap();
    let mut answer = Answer::new(Body::empty());
    *answer.status_mut() = status.parse().unwrap();
    answer.headers_mut().insert(LOCATION, HeaderValue::from_str(target).unwrap());
    answer
}

/// 8 MiB of zeros in 8 KiB.
fn bomb() -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![0; 8 << 20]).unwrap();
    encoded(encoder.finish().unwrap().into())
}

fn encoded(body: Body) -> Answer {
    let mut answer = Answer::new(body);
    answer.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
    answer
}

fn stalling() -> impl futures::Stream<Item = Result<&'static str, std::io::Error>> {
    stream::iter([Ok("first")]).chain(stream::pending())
}

fn options() -> EgressOptions {
    EgressOptions {
        private: vec!["127.0.0.1/32".parse().unwrap()],
        plain_http: true,
        // More than a busy machine needs.
        stall_timeout: Duration::from_mins(1),
        timeout: Duration::from_mins(2),
        max_bytes: LIMIT,
        ..EgressOptions::new(Hosts::Public)
    }
}

fn egress() -> Egress {
    Egress::new(options()).unwrap()
}

async fn body(egress: &Egress, request: Request) -> Result<String, EgressError> {
    let bytes = egress.send(request).await?.bytes().await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn an_answer_is_read() {
    let upstream = Upstream::new().await;
    assert_eq!(body(&egress(), upstream.request("/hello")).await.unwrap(), "hello");
    let missing = egress().send(upstream.request("/none")).await.unwrap();
    assert_eq!(missing.status.as_u16(), 404);
    let shown = body(&egress(), upstream.request("/headers")).await.unwrap();
    assert!(shown.contains("user-agent: ondol/") && !shown.contains("cookie"), "{shown}");
}

#[tokio::test]
async fn without_an_exception_loopback_is_not_reached() {
    let upstream = Upstream::new().await;
    let strict = Egress::new(EgressOptions { private: Vec::new(), ..options() }).unwrap();
    let error = strict.send(upstream.request("/hello")).await.unwrap_err();
    assert!(matches!(error, EgressError::Address { .. }), "{error}");
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(!error.public_message().contains("machine"));
}

#[tokio::test]
async fn no_redirect_leads_to_what_may_not_be_reached() {
    let upstream = Upstream::new().await;
    let attacks = [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user@127.0.0.1/",
    ];
    for attack in attacks {
        for status in ["301", "302", "303", "307", "308"] {
            let error =
                egress().send(upstream.request(&format!("/lead?{status}&{attack}"))).await.unwrap_err();
            assert!(matches!(error.kind(), Kind::PermissionDenied), "{attack} {status}: {error}");
        }
    }
}

#[tokio::test]
async fn a_redirect_stays_on_the_port_that_was_named() {
    let (upstream, neighbour) = (Upstream::new().await, Upstream::new().await);
    let lead = upstream.request(&format!("/lead?302&http://{}/hello", neighbour.address));
    let among = |hosts: &[SocketAddr]| {
        let hosts = Hosts::only(hosts.iter().map(ToString::to_string)).unwrap();
        Egress::new(EgressOptions { hosts, ..options() }).unwrap()
    };
    let error = among(&[upstream.address]).send(lead.clone()).await.unwrap_err();
    assert!(
        matches!(&error, EgressError::Refused { target, .. } if target.ends_with(&neighbour.address.to_string()))
    );
    assert_eq!(body(&among(&[upstream.address, neighbour.address]), lead).await.unwrap(), "hello");
}

#[tokio::test]
async fn whoever_fails_is_named_with_its_port() {
    let (upstream, cut) = (Upstream::new().await, Upstream::saying("").await);
    let lead = upstream.request(&format!("/lead?302&http://{}/", cut.address));
    let error = egress().send(lead).await.unwrap_err();
    assert_eq!(error.host(), Some(cut.address.to_string().as_str()), "{error}");
}

#[tokio::test]
async fn a_redirect_is_followed_for_a_while_and_secrets_stay_with_their_host() {
    let upstream = Upstream::new().await;
    let mut asked = upstream.request("/lead?302&/headers");
    asked.secret("x-api-key".parse().unwrap(), HeaderValue::from_static("s3cr3t"));
    assert!(body(&egress(), asked.clone()).await.unwrap().contains("s3cr3t"), "the same origin");
    let elsewhere = Upstream::new().await;
    asked.url = upstream.request(&format!("/lead?302&http://{}/headers", elsewhere.address)).url;
    asked.headers.insert("accept-language", HeaderValue::from_static("ko"));
    let shown = body(&egress(), asked.clone()).await.unwrap();
    assert!(!shown.contains("s3cr3t") && shown.contains("accept-language: ko"), "{shown}");
    assert!(!format!("{asked:?}").contains("s3cr3t"));

    let mut posted = upstream.request("/lead?303&/headers");
    posted.method = Method::POST;
    posted.body = "order".into();
    assert!(body(&egress(), posted.clone()).await.unwrap().starts_with("GET \n"));
    posted.url = upstream.request("/lead?307&/headers").url;
    assert!(body(&egress(), posted).await.unwrap().starts_with("POST order\n"));

    let around = upstream.request("/lead?302&/lead?302&/lead?302&/lead?302&/hello");
    let error = egress().send(around).await.unwrap_err();
    assert!(matches!(error, EgressError::Redirects { limit: 3, .. }), "{error}");
}

#[tokio::test]
async fn bombs_are_not_unpacked_and_endless_bodies_end() {
    let upstream = Upstream::new().await;
    for path in ["/gzip-bomb", "/endless"] {
        let error = body(&egress(), upstream.request(path)).await.unwrap_err();
        assert!(matches!(error, EgressError::TooLarge { limit: LIMIT, .. }), "{path}: {error}");
    }
}

#[tokio::test]
async fn what_is_read_piece_by_piece_ends_too() {
    let upstream = Upstream::new().await;
    let mut hello = egress().send(upstream.request("/hello")).await.unwrap();
    assert_eq!(hello.chunk().await.unwrap().unwrap(), "hello");
    assert_eq!(hello.chunk().await.unwrap(), None);
    for path in ["/gzip-bomb", "/endless"] {
        let mut endless = egress().send(upstream.request(path)).await.unwrap();
        let mut read = 0;
        let error = loop {
            match endless.chunk().await {
                Ok(piece) => read += piece.unwrap().len(),
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error, EgressError::TooLarge { limit: LIMIT, .. }) && read <= LIMIT,
            "{path}: {error}"
        );
    }
    let hasty = EgressOptions { stall_timeout: Duration::from_millis(200), ..options() };
    let mut stalls = Egress::new(hasty).unwrap().send(upstream.request("/stalls")).await.unwrap();
    assert_eq!(stalls.chunk().await.unwrap().unwrap(), "first");
    assert_eq!(stalls.chunk().await.unwrap_err().kind(), Kind::DeadlineExceeded);
}

#[tokio::test]
async fn what_stalls_or_never_answers_is_given_up() {
    let upstream = Upstream::new().await;
    let hasty = EgressOptions { stall_timeout: Duration::from_millis(200), ..options() };
    let short = EgressOptions { timeout: Duration::from_millis(200), ..options() };
    for (path, options) in [("/stalls", &hasty), ("/never", &hasty), ("/stalls", &short), ("/never", &short)]
    {
        let egress = Egress::new(options.clone()).unwrap();
        let error = body(&egress, upstream.request(path)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::DeadlineExceeded, "{path}: {error}");
    }
}

#[tokio::test]
async fn what_is_cut_or_is_not_what_it_says_is_an_error() {
    let upstream = Upstream::new().await;
    let error = body(&egress(), upstream.request("/no-gzip")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::DataLoss, "{error}");
    let error = egress().send(upstream.request("/hello")).await.unwrap().json().await.unwrap_err();
    assert_eq!(error.kind(), Kind::DataLoss, "{error}");
    let lies = [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\n\r\n\r\n",
        "nonsense\r\n\r\n",
        "",
    ];
    for lie in [lies[0], lies[2], lies[3]] {
        let upstream = Upstream::saying(lie).await;
        let error = body(&egress(), upstream.request("/?token=s3cr3t")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{lie:?}: {error}");
        assert!(!Chain(&error).to_string().contains("s3cr3t"), "{}", Chain(&error));
    }
}

/// Answers a name first with one address and then with another.
fn rebinding(first: IpAddr, then: IpAddr) -> (Lookup, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let lookup: Lookup = Arc::new(move |_| {
        let address = if counted.fetch_add(1, Ordering::SeqCst) == 0 { first } else { then };
        Box::pin(async move { Ok(vec![address]) })
    });
    (lookup, looks)
}

#[tokio::test]
async fn a_connection_goes_to_the_address_that_was_checked() {
    let upstream = Upstream::new().await;
    let (lookup, looks) = rebinding("127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap());
    let egress = Egress::resolving(options(), lookup).unwrap();
    let named = |path: &str| {
        let url = format!("http://shop.example:{}{path}", upstream.address.port());
        Request::new(Method::GET, Url::parse(&url).unwrap())
    };
    assert_eq!(body(&egress, named("/hello")).await.unwrap(), "hello");
    assert_eq!(looks.load(Ordering::SeqCst), 1, "there is no second look-up that could say something else");

    let (lookup, _) = rebinding("169.254.169.254".parse().unwrap(), "127.0.0.1".parse().unwrap());
    let egress = Egress::resolving(options(), lookup).unwrap();
    let error = egress.send(named("/hello")).await.unwrap_err();
    assert!(
        matches!(&error, EgressError::Address { host, .. } if host.starts_with("shop.example:")),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_with_one_address_that_may_not_be_reached_is_refused_as_a_whole() {
    let lookup: Lookup =
        Arc::new(|_| Box::pin(async { Ok(vec!["8.8.8.8".parse().unwrap(), "10.0.0.1".parse().unwrap()]) }));
    let egress = Egress::resolving(options(), lookup).unwrap();
    let request = Request::new(Method::GET, Url::parse("http://shop.example/").unwrap());
    assert!(matches!(egress.send(request).await.unwrap_err(), EgressError::Address { .. }));
}

#[tokio::test]
async fn only_of_what_nobody_has_heard_it_is_certain_that_nothing_was_done() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let upstream = Upstream::new().await;
    let unheard = upstream.request("/hello");
    let unheard = Request { url: Url::parse(&format!("http://{closed}/")).unwrap(), ..unheard };
    let error = egress().send(unheard).await.unwrap_err();
    assert!(matches!(error, EgressError::Unreachable { .. }) && error.nothing_was_done(), "{error}");

    let cut = Upstream::saying("").await;
    let error = egress().send(cut.request("/")).await.unwrap_err();
    assert!(matches!(error, EgressError::Unreachable { .. }) && !error.nothing_was_done(), "{error}");
    // Whoever says where its result is to be seen has done it.
    let mut done = upstream.request(&format!("/lead?303&http://{closed}/result"));
    done.method = Method::POST;
    let error = egress().send(done).await.unwrap_err();
    assert!(matches!(error, EgressError::Unreachable { .. }) && !error.nothing_was_done(), "{error}");
}
