//! One question, as one POST.

use egress::{Egress, Request, Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::{FederationError, Happening, Reader, Step};

pub(crate) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The protocol's code for a method that is not there.
const NO_SUCH_METHOD: i64 = -32601;

/// How a server is reached at this moment: the way out, and a request with its address and our credentials.
#[derive(Debug)]
pub struct Way<'a> {
    /// The way out, which says how much of an answer is read, and for how long.
    pub egress: &'a Egress,
    /// What every request begins as.
    pub request: Request,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) id: u64,
    pub(crate) headers: HeaderMap,
    pub(crate) message: Value,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) result: Value,
    pub(crate) session: Option<HeaderValue>,
}

impl Way<'_> {
    /// Asks, and waits for the answer. Steps on the way there are handed to `steps`.
    pub(crate) async fn ask(
        &self,
        question: &Question,
        steps: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Answer, FederationError> {
        let response = self.post(&question.headers, &question.message).await?;
        let session = response.headers.get(SESSION).cloned();
        let kind = content_type(&response.headers);
        let mut reader = Reader::new(question.id);
        let status = response.status;
        if !status.is_success() {
            return Err(refusal(question, response, &mut reader).await);
        }
        let result = match kind.as_str() {
            "application/json" => reader.whole(&response.bytes().await?)?,
            "text/event-stream" => self.stream(question, response, reader, steps).await?,
            _ => return Err(FederationError::broken("the answer is neither JSON nor a stream of events")),
        };
        Ok(Answer { result, session })
    }

    /// Says something that has no answer.
    pub(crate) async fn tell(&self, headers: &HeaderMap, message: &Value) -> Result<(), FederationError> {
        let response = self.post(headers, message).await?;
        if response.status.is_success() { Ok(()) } else { Err(of_status(&response)) }
    }

    /// Ends a session.
    pub(crate) async fn delete(&self, headers: &HeaderMap) -> Result<(), FederationError> {
        let mut request = self.request.clone();
        request.method = Method::DELETE;
        request.headers.extend(headers.clone());
        self.egress.send(request).await?;
        Ok(())
    }

    async fn post(&self, headers: &HeaderMap, message: &Value) -> Result<Response, FederationError> {
        let mut request = self.request.clone();
        request.method = Method::POST;
        request.headers.extend(headers.clone());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        request.body = message.to_string().into();
        Ok(self.egress.send(request).await?)
    }

    async fn stream(
        &self,
        question: &Question,
        mut response: Response,
        mut reader: Reader,
        steps: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Value, FederationError> {
        while let Some(piece) = response.chunk().await? {
            for happening in reader.piece(&piece)? {
                match happening {
                    Happening::Result(result) => return Ok(result),
                    Happening::Step(step) => steps(step),
                    Happening::Asks { id, method } => self.refuse(&question.headers, &id, &method).await,
                }
            }
        }
        Err(FederationError::broken("the stream ended without an answer"))
    }

    /// Nobody here could be asked for input, a model's words or a list of files; we said that we have none of it.
    async fn refuse(&self, headers: &HeaderMap, id: &Value, method: &str) {
        let error = json!({"code": NO_SUCH_METHOD, "message": "not supported"});
        let answer = if method == "ping" {
            json!({"jsonrpc": "2.0", "id": id, "result": {}})
        } else {
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        };
        // A server that cannot be told will find out.
        let _ = self.tell(headers, &answer).await;
    }
}

/// Why there is no answer. Servers put the protocol's errors under all kinds of statuses.
async fn refusal(question: &Question, response: Response, reader: &mut Reader) -> FederationError {
    let status = of_status(&response);
    let FederationError::Status { status: code, .. } = &status else { return status };
    if *code == StatusCode::NOT_FOUND && question.headers.contains_key(SESSION) {
        return FederationError::SessionGone;
    }
    let may_be_told = code.is_client_error()
        && !matches!(*code, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
        && content_type(&response.headers) == "application/json";
    if !may_be_told {
        return status;
    }
    match response.bytes().await.map_err(FederationError::from).and_then(|body| reader.whole(&body)) {
        Err(refused @ FederationError::Refused { .. }) => refused,
        _ => status,
    }
}

fn of_status(response: &Response) -> FederationError {
    match response.status {
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            FederationError::Credentials { status }
        }
        status => FederationError::Status { status, retry_after: response.retry_after() },
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
