//! Ondol itself as the other server: the product's own `/mcp` with tools for tests behind it.

use std::net::SocketAddr;

use accounts::{KeyArguments, Keyring, Keys};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::StatusCode;
use identity::Callers;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinSet};
use tools::{
    Annotations, Call, Content, Descriptor, Link, Output, Policy, Schema, Tool, ToolName, ToolsError,
};

use crate::{Means, ProtocolArguments, protocol, start::Faces};
use runtime::Life;

pub(super) const KEY: &str = "the upstream's own key";

/// A server with the tool `all`, which answers with every kind of content, and `refuse`.
pub(super) struct Fixtures {
    pub(super) address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Fixtures {
    /// In the newest revision, or only in older ones.
    pub(super) async fn start(old: bool) -> Self {
        let faces = Faces::default();
        let means = Means::register(&mut Registry::default(), None);
        let tools = ["all", "refuse"].map(|name| {
            let tool = std::sync::Arc::new(Fixture(name));
            means.workshop.mount(tool, descriptor(name), Policy::default(), "fixture").unwrap()
        });
        faces.registry.replace(tools.into());
        let keys = KeyArguments {
            api_keys: vec![format!("ondol:{}", hex::encode(Sha256::digest(KEY)))],
            ..KeyArguments::default()
        };
        let arguments = ProtocolArguments { keys: keys.clone(), ..ProtocolArguments::default() };
        let life = Life::new();
        let routes = protocol::routes(
            &faces,
            None,
            Callers::of_keys(Keyring::of_file(Keys::load(&keys).unwrap())),
            &arguments,
            &life,
        )
        .await
        .unwrap();
        let routes: Router = if old { routes.layer(from_fn(without_discovery)) } else { routes };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, _serving: serving }
    }
}

/// What a server answers that does not know the newest revision.
async fn without_discovery(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    if body.windows(15).any(|window| window == b"server/discover") {
        let mut refused = Response::new(Body::from("Bad Request: no valid session"));
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        return refused;
    }
    next.run(Request::from_parts(parts, body.into())).await
}

fn descriptor(name: &str) -> Descriptor {
    let output = json!({"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]});
    Descriptor {
        name: ToolName::new(name).unwrap(),
        title: Some("A fixture".to_owned()),
        description: "Answers.".to_owned(),
        input: Schema::of_arguments(json!({"type": "object", "properties": {"n": {"type": "integer"}}}))
            .unwrap(),
        output: Some(Schema::new(output).unwrap()),
        annotations: Annotations::READS,
    }
}

struct Fixture(&'static str);

#[async_trait]
impl Tool for Fixture {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        if self.0 == "refuse" {
            return Ok(Output::refusal(format!("not today, {}", call.caller.principal)));
        }
        let n = call.arguments.get("n").and_then(Value::as_i64).unwrap_or_default();
        Ok(Output { structured: Some(json!({"sum": n + 1})), content: pieces(), is_error: false })
    }
}

/// Every kind of content.
pub(super) fn pieces() -> Vec<Content> {
    vec![
        Content::Text("text".to_owned()),
        Content::Image { data: vec![0xff, 1, 2].into(), media_type: "image/png".to_owned() },
        Content::Audio { data: vec![0xff, 3].into(), media_type: "audio/wav".to_owned() },
        Content::Resource {
            uri: "repo://a/b".to_owned(),
            media_type: "text/x-rust".to_owned(),
            data: "fn main() {}".into(),
        },
        Content::Link(Link {
            uri: "https://a.example/b".to_owned(),
            name: "b".to_owned(),
            description: Some("B.".to_owned()),
            media_type: Some("text/html".to_owned()),
            size: Some(7),
        }),
    ]
}
