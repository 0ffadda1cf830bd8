//! What was agreed on with a server.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    FederationError, Listing, Mirror, Step, Way,
    exchange::{Question, SESSION},
    listing,
};

/// The revision without a handshake.
const STATELESS: &str = "2026-07-28";
/// Those with one, the newest first. The last one is older than this transport, but servers say it.
const OLDER: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// The longest word that marks a session.
const LONGEST_SESSION: usize = 1024;
/// Where it says how many servers of ours a call has come through.
const HOPS: &str = "ondol/hops";

/// What was agreed on with a server: the revision, and where that has one, the session.
#[derive(Debug)]
pub struct Session {
    revision: &'static str,
    id: Option<HeaderValue>,
    next: AtomicU64,
}

/// A call of a tool.
#[derive(Debug)]
pub struct Asked<'a> {
    /// From [`Session::next_id`].
    pub id: u64,
    /// The tool, as the server calls it.
    pub name: &'a str,
    /// The arguments.
    pub arguments: &'a Map<String, Value>,
    /// Arguments that are repeated in headers.
    pub mirrors: &'a [Mirror],
    /// How many servers of ours it has come through, this one included.
    pub hops: u64,
}

impl Session {
    /// Finds out what a server speaks, and shakes hands where it wants that.
    pub async fn open(way: &Way<'_>) -> Result<Self, FederationError> {
        let stateless = Self::of(STATELESS, None);
        let question = stateless.question(stateless.next_id(), "server/discover", None, Map::new());
        match way.ask(&question, &|_| {}).await {
            Ok(answer) if speaks(&answer.result, STATELESS) => Ok(stateless),
            Ok(_) => Self::shake_hands(way).await,
            Err(error) if is_of_the_old(&error) => Self::shake_hands(way).await,
            Err(error) => Err(error),
        }
    }

    async fn shake_hands(way: &Way<'_>) -> Result<Self, FederationError> {
        let newest = OLDER.first().copied().unwrap_or_default();
        let mut params = Map::new();
        params.insert("protocolVersion".to_owned(), newest.into());
        params.insert("capabilities".to_owned(), json!({}));
        params.insert("clientInfo".to_owned(), client());
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let question = Question { id: 0, headers: HeaderMap::new(), message };
        let answer = way.ask(&question, &|_| {}).await?;
        let said = answer.result.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        let revision = OLDER.into_iter().find(|revision| *revision == said);
        let revision = revision.ok_or(FederationError::broken("it speaks no revision that is known here"))?;
        let session = Self::of(revision, answer.session.map(marked).transpose()?);
        let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        way.tell(&session.headers(), &told).await?;
        Ok(session)
    }

    fn of(revision: &'static str, id: Option<HeaderValue>) -> Self {
        Self { revision, id, next: AtomicU64::new(1) }
    }

    /// A number for a question, to be used once.
    pub fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The revision of the protocol.
    pub fn revision(&self) -> &str {
        self.revision
    }

    /// Whether a call whose connection is closed has to be called off in words too.
    pub fn has_to_be_told(&self) -> bool {
        self.revision != STATELESS
    }

    /// All tools of the server, page by page; of those that are not `wanted` only how many there are.
    pub async fn list(
        &self,
        way: &Way<'_>,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Listing, FederationError> {
        let mut pages = listing::Pages::default();
        loop {
            let question = self.question(self.next_id(), "tools/list", None, pages.params());
            let answer = way.ask(&question, &|_| {}).await?;
            if !pages.take(answer.result, wanted)? {
                return Ok(pages.listing);
            }
        }
    }

    /// Calls a tool; its answer is for [`Told`](crate::Told). Dropped, it closes the connection.
    pub async fn call(
        &self,
        way: &Way<'_>,
        asked: &Asked<'_>,
        steps: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Value, FederationError> {
        let mut params = Map::new();
        params.insert("name".to_owned(), asked.name.into());
        params.insert("arguments".to_owned(), Value::Object(asked.arguments.clone()));
        params.insert("_meta".to_owned(), json!({"progressToken": asked.id, HOPS: asked.hops}));
        let mut question = self.question(asked.id, "tools/call", Some(asked.name), params);
        if !self.has_to_be_told() {
            for mirror in asked.mirrors {
                question.headers.extend(mirror.header(asked.arguments)?);
            }
        }
        Ok(way.ask(&question, steps).await?.result)
    }

    /// Calls a question off.
    pub async fn cancel(&self, way: &Way<'_>, id: u64) -> Result<(), FederationError> {
        let params = json!({"requestId": id, "reason": "the caller has left"});
        let told = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
        way.tell(&self.headers(), &told).await
    }

    /// Ends the session, if there is one.
    pub async fn close(&self, way: &Way<'_>) -> Result<(), FederationError> {
        if self.id.is_some() { way.delete(&self.headers()).await } else { Ok(()) }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION, HeaderValue::from_static(self.revision));
        if let Some(id) = &self.id {
            headers.insert(SESSION, id.clone());
        }
        headers
    }

    fn question(
        &self,
        id: u64,
        method: &'static str,
        name: Option<&str>,
        mut params: Map<String, Value>,
    ) -> Question {
        let mut headers = self.headers();
        if !self.has_to_be_told() {
            headers.insert(METHOD, HeaderValue::from_static(method));
            // Names of tools are plain; one that could not stand in a header is not called.
            headers.extend(name.and_then(|name| Some((NAME, HeaderValue::from_str(name).ok()?))));
            let meta = params.entry("_meta").or_insert_with(|| json!({}));
            meta["io.modelcontextprotocol/protocolVersion"] = self.revision.into();
            meta["io.modelcontextprotocol/clientInfo"] = client();
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        Question { id, headers, message }
    }
}

fn client() -> Value {
    json!({"name": "ondol", "version": env!("CARGO_PKG_VERSION")})
}

fn speaks(discovered: &Value, revision: &str) -> bool {
    let versions = discovered.get("supportedVersions").and_then(Value::as_array);
    versions.is_some_and(|versions| versions.iter().any(|version| version == revision))
}

/// Whether a server that was asked in the newest revision answered like one that does not know it.
fn is_of_the_old(error: &FederationError) -> bool {
    match error {
        FederationError::Refused { .. } | FederationError::Broken(_) => true,
        FederationError::Status { status, .. } => {
            status.is_client_error()
                && !matches!(*status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
        }
        _ => false,
    }
}

/// A session's mark, which is as good as a password for what the session may do.
fn marked(mut id: HeaderValue) -> Result<HeaderValue, FederationError> {
    if id.is_empty() || id.len() > LONGEST_SESSION || id.to_str().is_err() {
        return Err(FederationError::broken("the session has a mark that cannot be one"));
    }
    id.set_sensitive(true);
    Ok(id)
}
