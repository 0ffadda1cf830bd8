//! A small shop with a REST API: something for tools to be tried on, and an upstream that misbehaves on command.
//!
//! - [`Shop::router`] serves `/items`, `/items/{id}`, `/images/{id}.svg` and `/openapi.json`.
//! - `catalogue` is what it sells: the same few hundred things each time.
//! - [`Mood`] is how it behaves: well, or as an upstream in trouble does.
//!
//! This crate must never know who asks.

mod catalogue;
mod door;
mod items;
mod mood;
mod search;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use self::{catalogue::Catalogue, door::Door, mood::Moods, search::Search};

pub use mood::Mood;

/// The description of its API, `OpenAPI` 3.1.
pub const OPENAPI: &str = include_str!("openapi.json");
/// The tools over it, as mcp's configuration describes them.
pub const TOOLS: &str = include_str!("tools.toml");
/// Where those tools expect it.
pub const ADDRESS: &str = "127.0.0.1:50059";
/// How long the end waits for answers.
const GRACE: Duration = Duration::from_secs(1);
/// The header that a key is in.
pub const KEY_HEADER: &str = "x-shop-key";

/// The shop. Clones are the same one.
#[derive(Clone)]
pub struct Shop {
    catalogue: Arc<Catalogue>,
    moods: Moods,
    door: Door,
}

impl Default for Shop {
    fn default() -> Self {
        Self { catalogue: Arc::new(Catalogue::new()), moods: Moods::default(), door: Door::default() }
    }
}

impl Shop {
    /// A shop that wants this key: in [`KEY_HEADER`], as a bearer token, as the password of the user `tools`, as `key` in the
    /// query, or a token that `POST /token` gives the client `tools` for it.
    pub fn with_key(key: &str) -> Self {
        Self { door: Door::with_key(key), ..Self::default() }
    }

    /// From now on the tokens that it gave are no longer good.
    pub fn revoke_tokens(&self) {
        self.door.revoke();
    }

    /// From now on it behaves like this.
    pub fn turn(&self, mood: Mood) {
        self.moods.set(mood);
    }

    /// How many requests came in so far, refused ones too.
    pub fn visits(&self) -> u64 {
        self.moods.visits()
    }

    /// What it serves.
    pub fn router(&self) -> Router {
        let asked = Router::new()
            .route("/items", get(list))
            .route("/items/{id}", get(show))
            .route("/images/{id}", get(image))
            .route_layer(from_fn_with_state(self.clone(), enter));
        Router::new()
            .route("/openapi.json", get(|| async { json_text(OPENAPI.to_owned()) }))
            .route("/token", post(token))
            .merge(asked)
            .with_state(self.clone())
    }
}

/// Serves the shop until `end`, and what is asked then for a moment longer: in some moods there is no end to answers.
pub async fn serve(shop: &Shop, listener: TcpListener, end: impl Future<Output = ()> + Send + 'static) {
    let (ended, mut leaving) = watch::channel(false);
    let end = async move {
        end.await;
        // Nobody waits any longer once the shop is gone.
        let _ = ended.send(true);
    };
    let grace = async move {
        if leaving.wait_for(|left| *left).await.is_ok() {
            tokio::time::sleep(GRACE).await;
        }
    };
    tokio::select! {
        _ = axum::serve(listener, shop.router()).with_graceful_shutdown(end).into_future() => {}
        () = grace => {}
    }
}

/// The key, then the mood.
async fn enter(State(shop): State<Shop>, request: Request<axum::body::Body>, next: Next) -> Response {
    shop.moods.visited();
    if !shop.door.admits(request.headers(), request.uri().query().unwrap_or_default()) {
        return refusal(StatusCode::UNAUTHORIZED, "the key is missing or wrong");
    }
    // A body cannot be shared, so what the answer needs of the request is taken out of it.
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    match shop.moods.answer(&uri, &headers).await {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

async fn list(State(shop): State<Shop>, uri: Uri) -> Response {
    match Search::of(uri.query().unwrap_or_default()) {
        Ok(search) => json_text(search.answer(&shop.catalogue).to_string()),
        Err(problem) => refusal(StatusCode::BAD_REQUEST, &problem),
    }
}

async fn show(State(shop): State<Shop>, Path(id): Path<String>) -> Response {
    match shop.catalogue.find(&id) {
        Some(item) => json_text(item.told().to_string()),
        None => refusal(StatusCode::NOT_FOUND, "there is no such item"),
    }
}

async fn image(State(shop): State<Shop>, Path(name): Path<String>) -> Response {
    match name.strip_suffix(".svg").and_then(|id| shop.catalogue.find(id)) {
        Some(item) => ([(CONTENT_TYPE, "image/svg+xml")], item.picture()).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "there is no such picture"),
    }
}

async fn token(State(shop): State<Shop>, headers: HeaderMap, form: Bytes) -> Response {
    match shop.door.issue(&headers, &form) {
        Some(token) => {
            json_text(json!({"access_token": token, "token_type": "Bearer", "expires_in": 60}).to_string())
        }
        None => refusal(StatusCode::UNAUTHORIZED, "the client is not known"),
    }
}

fn json_text(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

fn refusal(status: StatusCode, problem: &str) -> Response {
    let body: Value = json!({"error": {"message": problem}});
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
