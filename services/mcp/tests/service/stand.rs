//! A service with a bucket, and its callers.

use std::{fmt::Write as _, fs, net::SocketAddr, path::Path};

use clap::Parser;
use mcp::{Arguments, Serving};
use proto::tools::v1::{self as wire, tool_service_client::ToolServiceClient};
use runtime::Life;
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{
    Request,
    transport::{Channel, Endpoint},
};

pub const SECRET: &str = "one secret";
/// A key that may only list.
pub const LISTER: &str = "another secret";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Arguments,
}

/// The service, its files, and where it is.
pub struct Stand {
    pub address: SocketAddr,
    pub folder: TempDir,
    pub life: Life,
}

impl Stand {
    /// One whose bucket `reports` holds `daily/a.txt` and takes `inbox/`.
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// The same with more in its configuration.
    pub async fn with(more: &str) -> Self {
        Self::started(more, &[]).await
    }

    /// The same with flags beside the usual ones.
    pub async fn started(more: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = folder.path().join("bucket");
        fs::create_dir_all(bucket.join("daily")).unwrap();
        configure(folder.path(), more);
        fs::write(folder.path().join("keys.toml"), keys()).unwrap();
        let text = |path: &str| folder.path().join(path).display().to_string();
        let objects = format!("file://{}", text("answers"));
        let (tools, keys) = (text("tools.toml"), text("keys.toml"));
        let line = ["mcp", "--listen", "127.0.0.1:0", "--tools", &tools, "--api-keys-file", &keys];
        let line = Line::parse_from([&line[..], &["--objects-url", &objects], flags].concat());
        let life = Life::new();
        let Serving { address, .. } = Box::pin(mcp::start(line.service, life.clone())).await.unwrap();
        let stand = Self { address, folder, life };
        stand.put("daily/a.txt", "Monday").await;
        stand
    }

    pub fn tools(&self) -> ToolServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        ToolServiceClient::new(endpoint.connect_lazy())
    }

    /// Puts an object where the bucket is, by the store's own rules.
    async fn put(&self, key: &str, text: &'static str) {
        use objects::Objects;
        let store = objects::Folder::open(self.folder.path().join("bucket")).await.unwrap();
        let key = objects::Key::new(key).unwrap();
        let options = objects::PutOptions::default().with(objects::Attributes::content_type("text/plain"));
        store.put(&key, text.into(), options).await.unwrap();
    }

    /// Calls a tool in the name of `team-a`, with grants as api would hand them on.
    pub async fn call(
        &self,
        tool: &str,
        arguments: serde_json::Value,
    ) -> Result<wire::CallToolResponse, tonic::Status> {
        self.call_with("scopes=", tool, arguments).await
    }

    pub async fn call_with(
        &self,
        grants: &str,
        tool: &str,
        arguments: serde_json::Value,
    ) -> Result<wire::CallToolResponse, tonic::Status> {
        let message = wire::CallToolRequest {
            name: format!("tools/{tool}"),
            arguments: Some(contract::message_struct(arguments.as_object().unwrap())),
        };
        self.tools().call_tool(by(grants, message)).await.map(tonic::Response::into_inner)
    }

    /// A request of the protocol, revision 2026-07-28.
    pub async fn ask(&self, key: &str, method: &str, params: serde_json::Value) -> (u16, serde_json::Value) {
        self.ask_with(json!({}), key, method, params).await
    }

    /// The same of a client that understands tasks.
    pub async fn ask_later(&self, key: &str, method: &str, params: serde_json::Value) -> serde_json::Value {
        let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        self.ask_with(capabilities, key, method, params).await.1
    }

    async fn ask_with(
        &self,
        capabilities: serde_json::Value,
        key: &str,
        method: &str,
        params: serde_json::Value,
    ) -> (u16, serde_json::Value) {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let names = ["name", "uri", "taskId"];
        let name = names.iter().find_map(|name| params[*name].as_str()).map(str::to_owned);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let bearer = format!("Bearer {key}");
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", method),
        ];
        if let Some(name) = &name {
            headers.push(("mcp-name", name));
        }
        let answer = self.post(&headers, &body.to_string()).await;
        (answer.0, serde_json::from_str(&answer.1).unwrap_or(serde_json::Value::Null))
    }

    /// A request by plain HTTP/1.1 to `/mcp`: the status, and the body.
    pub async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        self.send("POST", headers, body).await
    }

    /// The same by another method.
    pub async fn send(&self, method: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut connection = self.begin(method, headers, body).await;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, unchunked(head, body))
    }

    /// Sends such a request, and does not wait for the answer.
    pub async fn begin(&self, method: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut request = format!("{method} /mcp HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request.push_str("content-type: application/json\r\n");
        }
        if !headers.iter().any(|(name, _)| *name == "accept") {
            request.push_str("accept: application/json, text/event-stream\r\n");
        }
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        let _ = write!(request, "content-length: {}\r\n\r\n{body}", body.len());
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        // A server that has heard enough answers before all was said.
        let _ = connection.write_all(request.as_bytes()).await;
        connection
    }
}

/// Writes the configuration.
pub fn configure(folder: &Path, more: &str) {
    let bucket = folder.join("bucket");
    let text = format!(
        "[s3.buckets.reports]\nurl = \"file://{}\"\ndescription = \"Daily reports.\"\nread = [\"daily/\", \"inbox/\"]\nwrite = \"inbox/\"\n{more}",
        bucket.display()
    );
    fs::write(folder.join("tools.toml"), text).unwrap();
}

fn keys() -> String {
    let key = |name: &str, secret: &str, more: &str| {
        format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{}\"\n{more}\n", hex::encode(Sha256::digest(secret)))
    };
    format!("{}{}", key("team-a", SECRET, ""), key("lister", LISTER, "tools = [\"s3_list\"]"))
}

/// A message in the name of `team-a`, as api hands it on.
pub fn by<M>(grants: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-ondol-principal", "team-a".parse().unwrap());
    request.metadata_mut().insert("x-ondol-grants", grants.parse().unwrap());
    request
}

fn unchunked(head: &str, body: &str) -> String {
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    whole
}

/// The structured answer as JSON.
pub fn structured(answer: &wire::CallToolResponse) -> serde_json::Value {
    contract::json_value("structured_content", answer.structured_content.clone().unwrap()).unwrap()
}
