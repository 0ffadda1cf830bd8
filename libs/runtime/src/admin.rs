//! The admin port: what orchestrators, Prometheus and operators ask, on a port of its own that no caller reaches.

mod log_filter;

use std::{future::Future, net::SocketAddr};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use telemetry::LogControl;
use tracing::{error, info};

use crate::{Flag, Life, RuntimeError, listen};

/// The largest body, in bytes; the longest filter is shorter.
const BODY: usize = 2048;

const FLAG: Flag = Flag { name: "--admin-addr", variable: "ONDOL_ADMIN_ADDR" };

/// Opens the port; the future it returns serves it until it is dropped.
pub(crate) async fn open(
    address: SocketAddr,
    life: Life,
    log: LogControl,
) -> Result<impl Future<Output = ()> + Send + 'static, RuntimeError> {
    let refused = |source| RuntimeError::Listen { address, flag: FLAG, source };
    let listener = listen(address, FLAG).await?;
    let address = listener.local_addr().map_err(refused)?;
    life.process.admin_addr.get_or_init(|| address);
    info!(%address, "admin port open: /metrics /livez /readyz /log-filter");
    Ok(async move {
        let service = router(life, log).into_make_service_with_connect_info::<SocketAddr>();
        if let Err(broken) = axum::serve(listener, service).await {
            error!("the admin port broke: {broken}");
        }
    })
}

fn router(life: Life, log: LogControl) -> Router {
    let filter = get(log_filter::show).put(log_filter::change).delete(log_filter::reset);
    let filter = Router::new().route("/log-filter", filter).layer(DefaultBodyLimit::max(BODY));
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(life)
        .merge(filter.with_state(log))
}

async fn ready(State(life): State<Life>) -> impl IntoResponse {
    let missing = life.process.board.missing();
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": missing.is_empty(), "waiting_for": missing });
    (status, [(CONTENT_TYPE, "application/json")], format!("{body}\n"))
}

async fn metrics(State(life): State<Life>) -> impl IntoResponse {
    match life.process.exposition() {
        Ok(text) => Ok(([(CONTENT_TYPE, telemetry::metrics::CONTENT_TYPE)], text)),
        Err(broken) => {
            error!("a metric cannot be shown: {broken}");
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::{
        body::Body,
        extract::ConnectInfo,
        http::{Method, Request, StatusCode},
    };
    use http_body_util::BodyExt;
    use prometheus_client::{metrics::counter::Counter, registry::Registry};
    use serde_json::{Value, json};
    use telemetry::{ADMIN, LogControl, capture};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tower::ServiceExt;
    use tracing::dispatcher::set_default;

    use super::{open, router};
    use crate::Life;

    fn log() -> LogControl {
        LogControl::new("info".parse().unwrap())
    }

    async fn get(life: &Life, path: &str) -> (StatusCode, String) {
        answer(life, &log(), Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn log_filter(log: &LogControl, method: Method, body: &str) -> (StatusCode, String) {
        let peer: SocketAddr = "192.0.2.7:4321".parse().unwrap();
        let request = Request::builder().method(method).uri("/log-filter").header("user-agent", "curl/8");
        let request = request.extension(ConnectInfo(peer)).body(Body::from(body.to_owned())).unwrap();
        answer(&Life::new(), log, request).await
    }

    async fn answer(life: &Life, log: &LogControl, request: Request<Body>) -> (StatusCode, String) {
        let response = router(life.clone(), log.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn readyz(life: &Life) -> (StatusCode, Value) {
        let (status, body) = get(life, "/readyz").await;
        (status, serde_json::from_str(&body).unwrap())
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing_until_nothing_is() {
        let life = Life::new();
        let model = life.component("llm-inference").readiness("model");
        model.not_ready("loading weights");
        let waiting = json!([{ "name": "llm-inference/model", "reason": "loading weights" }]);
        assert_eq!(
            readyz(&life).await,
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false, "waiting_for": waiting }))
        );
        model.ready();
        assert_eq!(readyz(&life).await, (StatusCode::OK, json!({ "ready": true, "waiting_for": [] })));
    }

    #[tokio::test]
    async fn the_log_filter_changes_and_goes_back_and_the_log_says_who_did_it() {
        // While there is only one subscriber, the first test to get to a statement answers for all whether it is heard.
        let _second = capture();
        let (log, (dispatch, captured)) = (log(), capture());
        let _heard = set_default(&dispatch);
        let mut seen = Vec::new();
        for (method, body) in
            [(Method::GET, ""), (Method::PUT, "warn,engine=debug\n"), (Method::GET, ""), (Method::DELETE, "")]
        {
            let (status, body) = log_filter(&log, method, body).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            seen.push(body);
        }
        assert_eq!(seen, ["info\n", "warn,engine=debug\n", "warn,engine=debug\n", "info\n"]);
        let told = captured.lines().into_iter().filter(|line| line["target"] == ADMIN);
        let lines: Vec<_> = told.map(|line| line["fields"].clone()).collect();
        let told = |from, to| json!({ "peer": "192.0.2.7:4321", "agent": "curl/8", "from": from, "to": to });
        assert_eq!(lines, [told("info", "warn,engine=debug"), told("warn,engine=debug", "info")]);
    }

    #[tokio::test]
    async fn a_port_that_is_open_takes_a_filter_as_curl_sends_it() {
        let (life, log) = (Life::new(), log());
        let serving = open("127.0.0.1:0".parse().unwrap(), life.clone(), log.clone()).await.unwrap();
        let address = life.admin_addr().unwrap();
        let asking = async {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let request = "PUT /log-filter HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                           content-type: application/x-www-form-urlencoded\r\ncontent-length: 5\r\n\r\ndebug";
            connection.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let answer = tokio::select! {
            answer = asking => answer,
            () = serving => panic!("the port was closed"),
        };
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("debug\n"), "{answer}");
        assert_eq!(log.current().to_string(), "debug");
    }

    #[tokio::test]
    async fn a_wrong_log_filter_is_refused_and_changes_nothing() {
        let log = log();
        for (body, expected, named) in [
            ("verbose", StatusCode::BAD_REQUEST, "`verbose` is no level"),
            ("", StatusCode::BAD_REQUEST, "empty"),
            ("x".repeat(1500).as_str(), StatusCode::BAD_REQUEST, "1500 bytes"),
            ("x".repeat(4096).as_str(), StatusCode::PAYLOAD_TOO_LARGE, ""),
        ] {
            let (status, told) = log_filter(&log, Method::PUT, body).await;
            assert_eq!(status, expected, "{told}");
            assert!(told.contains(named), "{told}");
        }
        let (status, _) = log_filter(&log, Method::POST, "debug").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(log.current().to_string(), "info");
    }

    #[tokio::test]
    async fn metrics_of_all_components_are_one_document() {
        let life = Life::new();
        let count =
            |registry: &mut Registry| registry.register("calls", "Calls served", Counter::<u64>::default());
        life.component("api").register(count);
        life.component("llm-inference").register(count);
        let (status, text) = get(&life, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(text.matches("# TYPE calls counter").count(), 1, "{text}");
        assert!(
            text.contains("calls_total{service=\"api\"} 0\ncalls_total{service=\"llm-inference\"} 0\n"),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
    }
}
