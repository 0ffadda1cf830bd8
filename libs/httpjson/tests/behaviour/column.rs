//! The layer around the stack that every service of ours stands in.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use clap::Parser;
use futures::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use httpjson::TranscodeLayer;
use prometheus_client::{encoding::text::encode, registry::Registry};
use proto::tools::v1::{
    CallToolRequest, CallToolResponse, GetToolRequest, ListToolsRequest, ListToolsResponse,
    ReadAnswerRequest, ReadAnswerResponse, Tool,
    tool_service_server::{ToolService, ToolServiceServer},
};
use rpc::{BrowserArguments, Methods, Public, Server, ServerArguments, ServerMetrics};
use serde_json::Value;
use tokio::time::Instant;
use tonic::{Status, body::Body, service::Routes};
use tower::{Layer, ServiceExt};
use transcoding::{Scope, Transcoder};

/// Knows one tool, `tools/clock`, and answers its arguments.
struct Tools;

#[tonic::async_trait]
impl ToolService for Tools {
    type ReadAnswerStream = futures::stream::Empty<Result<ReadAnswerResponse, Status>>;

    async fn read_answer(
        &self,
        _: tonic::Request<ReadAnswerRequest>,
    ) -> Result<tonic::Response<Self::ReadAnswerStream>, Status> {
        Err(Status::not_found("no answer is kept"))
    }

    async fn list_tools(
        &self,
        _: tonic::Request<ListToolsRequest>,
    ) -> Result<tonic::Response<ListToolsResponse>, Status> {
        Err(Status::unavailable("draining"))
    }

    async fn get_tool(
        &self,
        request: tonic::Request<GetToolRequest>,
    ) -> Result<tonic::Response<Tool>, Status> {
        match request.into_inner().name.as_str() {
            "tools/clock" => Ok(tonic::Response::new(Tool { id: "clock".into(), ..Tool::default() })),
            _ => Err(Status::not_found("no such tool")),
        }
    }

    async fn call_tool(
        &self,
        request: tonic::Request<CallToolRequest>,
    ) -> Result<tonic::Response<CallToolResponse>, Status> {
        let arguments = request.into_inner().arguments.unwrap_or_default();
        let kind = Some(prost_types::value::Kind::StructValue(arguments));
        let structured_content = Some(prost_types::Value { kind });
        Ok(tonic::Response::new(CallToolResponse { structured_content, ..CallToolResponse::default() }))
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    server: ServerArguments,
}

struct House {
    service: tower::util::BoxCloneService<Request<Body>, Response<Body>, Infallible>,
    registry: Registry,
}

fn house() -> House {
    let (server, registry) = server();
    let service = TranscodeLayer::new(transcoder(), Body::new).layer(server.stack(routes()));
    House { service: tower::util::BoxCloneService::new(service), registry }
}

fn server() -> (Server, Registry) {
    let mut registry = Registry::default();
    let metrics =
        ServerMetrics::register(Methods::described_by([proto::DESCRIPTORS]).unwrap(), &mut registry);
    (Server::new(&Line::parse_from(["server"]).server, metrics).unwrap(), registry)
}

fn routes() -> Routes {
    Routes::new(ToolServiceServer::new(Tools)).prepare()
}

fn transcoder() -> Transcoder {
    let scope = Scope { every_rpc: true, ..Scope::default() };
    Transcoder::new(proto::DESCRIPTORS, &scope).unwrap()
}

impl House {
    async fn send(&self, method: &str, path: &str, body: &'static str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "column");
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::new(Full::from(body))).unwrap();
        let response = self.service.clone().oneshot(request).await.unwrap();
        assert!(response.headers().contains_key("x-request-id"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn figures(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }
}

#[tokio::test]
async fn our_own_services_speak_json_at_their_paths_and_by_their_names() {
    let house = house();
    let (status, tool) = house.send("GET", "/api/v1/tools/clock", "").await;
    assert_eq!((status, tool["id"].as_str()), (200, Some("clock")));
    let (status, answer) =
        house.send("POST", "/api/v1/tools/clock:call", r#"{"arguments": {"a": [1]}}"#).await;
    assert_eq!((status, answer["structuredContent"]["a"][0].as_f64()), (200, Some(1.0)));
    let (status, tool) =
        house.send("POST", "/ondol.tools.v1.ToolService/GetTool", r#"{"name": "tools/clock"}"#).await;
    assert_eq!((status, tool["id"].as_str()), (200, Some("clock")));
    assert_eq!(house.send("GET", "/api/v1/tools/x", "").await.0, 404);
    assert_eq!(house.send("GET", "/api/v1/tools", "").await.0, 503);
    assert_eq!(house.send("GET", "/api/v1/jobs", "").await.0, 501, "nobody serves jobs here");
    assert_eq!(house.send("GET", "/api/v2/jobs", "").await.0, 404, "the stack's own answer");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_the_callers_in_the_figures_too() {
    let house = house();
    for (method, path, body) in [
        ("POST", "/api/v1/tools/clock:call", "{"),
        ("POST", "/api/v1/tools/clock:call", r#"{"argument": {}}"#),
        ("GET", "/api/v1/tools/clock?x=1", ""),
    ] {
        assert_eq!(house.send(method, path, body).await.0, 400);
    }
    let figures = house.figures();
    assert!(figures.contains("INVALID_ARGUMENT") && !figures.contains("INTERNAL"), "{figures}");
    assert!(figures.contains("CallTool"), "{figures}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up_long_before_the_deadline() {
    let (server, _registry) = server();
    let browsers = BrowserArguments::default();
    let public = Public { transcoder: transcoder(), browsers, errors: |_, document| document };
    let stack = server.speaking(public).unwrap().stack(routes());
    for path in ["/api/v1/tools/clock:call", "/ondol.tools.v1.ToolService/CallTool"] {
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let request = Request::post(path).header("host", "column").header("content-type", "application/json");
        let request = request.body(Body::new(never)).unwrap();
        let began = Instant::now();
        let response = stack.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 408, "{path}");
        assert!(began.elapsed() <= Duration::from_secs(11), "{path}: {:?}", began.elapsed());
    }
}
