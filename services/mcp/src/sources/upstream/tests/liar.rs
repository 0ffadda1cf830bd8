//! A server that does what it is told to, in both kinds of revisions, and writes down what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};

/// What it answers to a question; the JSON of a whole answer, or anything.
pub(super) type Script = Box<dyn Fn(&Asked) -> Option<Response> + Send + Sync>;

/// A request, as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) http: Method,
    pub(super) headers: HeaderMap,
    pub(super) message: Value,
}

impl Asked {
    pub(super) fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The result of this question.
    pub(super) fn result(&self, result: &Value) -> Response {
        json_of(&json!({"jsonrpc": "2.0", "id": self.message["id"], "result": result}))
    }

    pub(super) fn error(&self, status: u16, code: i64) -> Response {
        let error = json!({"code": code, "message": "no \u{1b}[31mway"});
        let mut answer = json_of(&json!({"jsonrpc": "2.0", "id": self.message["id"], "error": error}));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer
    }
}

pub(super) fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) fn stream_of(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body.into()).into_response()
}

/// The server.
pub(super) struct Liar {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    script: Mutex<Option<Script>>,
    heard: Notify,
    old: bool,
}

impl Liar {
    /// One of revision 2026-07-28.
    pub(super) async fn new() -> Self {
        Self::start(false).await
    }

    /// One that wants a handshake and sessions.
    pub(super) async fn old() -> Self {
        Self::start(true).await
    }

    async fn start(old: bool) -> Self {
        runtime::install_crypto_provider();
        let shared = Arc::new(Shared { old, ..Shared::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/mcp", any(answer)).with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, shared, _serving: serving }
    }

    /// From now on this is answered, where it is something.
    pub(super) fn says(&self, script: impl Fn(&Asked) -> Option<Response> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Some(Box::new(script));
    }

    /// What it was asked with this method.
    pub(super) fn asked(&self, method: &str) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().iter().filter(|asked| asked.method() == method).cloned().collect()
    }

    /// Waits until something was asked that is like this.
    pub(super) async fn heard(&self, like: impl Fn(&Asked) -> bool) {
        while !self.all_asked().iter().any(&like) {
            self.shared.heard.notified().await;
        }
    }

    pub(super) fn all_asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let message = serde_json::from_slice(&body).unwrap_or_default();
    let asked = Asked { http: method, headers, message };
    shared.asked.lock().unwrap().push(asked.clone());
    shared.heard.notify_one();
    let scripted = shared.script.lock().unwrap().as_ref().and_then(|script| script(&asked));
    scripted.unwrap_or_else(|| if shared.old { old(&asked) } else { new(&asked) })
}

fn new(asked: &Asked) -> Response {
    match asked.method() {
        "server/discover" => {
            asked.result(&json!({"resultType": "complete", "supportedVersions": ["2026-07-28"]}))
        }
        "tools/list" => asked.result(&json!({"tools": [echo()]})),
        "tools/call" => {
            asked.result(&json!({"resultType": "complete", "content": [{"type": "text", "text": "heard"}]}))
        }
        _ => asked.error(404, -32601),
    }
}

fn old(asked: &Asked) -> Response {
    if asked.http == Method::DELETE {
        return StatusCode::NO_CONTENT.into_response();
    }
    if asked.method() == "initialize" {
        let mut answer = asked.result(&json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "old", "version": "1"},
        }));
        answer.headers_mut().insert("mcp-session-id", "session-1".parse().unwrap());
        return answer;
    }
    match (asked.header("mcp-session-id"), asked.method()) {
        ("", _) => StatusCode::BAD_REQUEST.into_response(),
        ("session-1", "tools/list" | "tools/call") => new(asked),
        ("session-1", _) => StatusCode::ACCEPTED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Its one tool.
pub(super) fn echo() -> Value {
    json!({
        "name": "echo",
        "description": "Says it again.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
    })
}
