//! The admin port: what orchestrators and Prometheus ask, on a port of its own that no caller reaches.

use std::{future::Future, net::SocketAddr};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use tracing::{error, info};

use crate::{Flag, Life, RuntimeError, listen};

const FLAG: Flag = Flag { name: "--admin-addr", variable: "ONDOL_ADMIN_ADDR" };

/// Opens the port; the future it returns serves it until it is dropped.
pub(crate) async fn open(
    address: SocketAddr,
    life: Life,
) -> Result<impl Future<Output = ()> + Send + 'static, RuntimeError> {
    let refused = |source| RuntimeError::Listen { address, flag: FLAG, source };
    let listener = listen(address, FLAG).await?;
    let address = listener.local_addr().map_err(refused)?;
    life.process.admin_addr.get_or_init(|| address);
    info!(%address, "admin port open: /metrics /livez /readyz");
    Ok(async move {
        if let Err(broken) = axum::serve(listener, router(life)).await {
            error!("the admin port broke: {broken}");
        }
    })
}

fn router(life: Life) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(life)
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
    use axum::{
        body::Body,
        http::{Request, StatusCode},
    };
    use http_body_util::BodyExt;
    use prometheus_client::{metrics::counter::Counter, registry::Registry};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::router;
    use crate::Life;

    async fn get(life: &Life, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(life.clone()).oneshot(request).await.unwrap();
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
