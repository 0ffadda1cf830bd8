//! Tells strangers what happened: signs a body in a principal's name and sends it, once.
//!
//! - [`Outbox`] is what configuration says of it; `verdict` decides what a receiver's answer means.
//! - `signing` tells the secrets that receivers verify with.
//! - Every attempt is written down and counted, whatever became of it: `recorded`.
//!
//! Whoever calls tries again; nothing is kept here.

mod metrics;
mod recorded;
mod signing;
mod verdict;

use std::sync::Arc;

use bytes::Bytes;
use contract::Invalid;
use egress::{Egress, Request, check_url};
use http::{HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use jiff::Timestamp;
use secrets::{Reference, Secrets};
use url::Url;
use webhooks::{ID_HEADER, SIGNATURE_HEADER, Signed, SigningKey, TIMESTAMP_HEADER};

pub(crate) use self::metrics::Metrics;
use self::{recorded::Record, verdict::verdict};
pub use self::{signing::signing_secrets, verdict::Refusal};
use crate::{McpError, config::WebhooksConfig};

const LONGEST_URL: usize = 2048;
const LONGEST_ID: usize = 128;
const LARGEST_BODY: usize = 256 << 10;

/// What is told, in whose name, and to whom.
pub(crate) struct Letter {
    pub(crate) principal: String,
    pub(crate) request_id: String,
    pub(crate) url: String,
    pub(crate) event_id: String,
    pub(crate) body: Bytes,
}

/// The way to receivers of webhooks.
pub(crate) struct Outbox {
    egress: Egress,
    /// What keys are derived from, the newest first.
    masters: Vec<Reference>,
    secrets: Arc<dyn Secrets>,
}

impl Outbox {
    /// What configuration says. Nothing is asked yet.
    pub(crate) fn open(config: &WebhooksConfig, secrets: Arc<dyn Secrets>) -> Result<Self, McpError> {
        let egress = Egress::new(config.options()?);
        let egress = egress.map_err(|error| McpError::Config(format!("[webhooks] {error}")))?;
        Ok(Self { egress, masters: config.secrets.clone(), secrets })
    }

    /// A principal's keys, the newest first.
    pub(crate) async fn keys(&self, principal: &str) -> Result<Vec<SigningKey>, McpError> {
        let mut keys = Vec::with_capacity(self.masters.len());
        for name in &self.masters {
            let master = self.secrets.get(name).await.map_err(McpError::WebhookSecret)?;
            let key = SigningKey::derive(master.expose().as_bytes(), principal);
            keys.push(key.map_err(|problem| McpError::WebhookMaster { name: name.to_string(), problem })?);
        }
        Ok(keys)
    }

    /// Signs and sends; the status of a receiver that has it now.
    async fn deliver(&self, letter: &Letter) -> Result<u16, McpError> {
        check(letter)?;
        let url = check_url(&letter.url, self.egress.options())?;
        let request = self.signed(url, letter).await?;
        verdict(&self.egress.send(request).await?)
    }

    async fn signed(&self, url: Url, letter: &Letter) -> Result<Request, McpError> {
        let keys = self.keys(&letter.principal).await?;
        let signed = Signed::sign(&keys, &letter.event_id, Timestamp::now().as_second(), &letter.body);
        let mut request = Request::new(Method::POST, url);
        request.body = letter.body.clone();
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (ID_HEADER, signed.id),
            (TIMESTAMP_HEADER, signed.timestamp.to_string()),
            (SIGNATURE_HEADER, signed.signatures),
        ] {
            let (name, value): (HeaderName, HeaderValue) = egress::header(name, &value)?;
            request.headers.insert(name, value);
        }
        Ok(request)
    }
}

/// Delivers by the outbox of this moment, and writes down what became of it.
pub(crate) async fn deliver(
    outbox: Option<&Outbox>,
    letter: Letter,
    metrics: &Metrics,
) -> Result<u16, McpError> {
    let mut record = Record::begin(&letter, metrics.clone());
    let outcome = match outbox {
        Some(outbox) => outbox.deliver(&letter).await,
        None => Err(McpError::NoWebhooks),
    };
    record.end(&outcome);
    outcome
}

fn check(letter: &Letter) -> Result<(), Invalid> {
    let Letter { url, event_id, body, .. } = letter;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_id = (1..=LONGEST_ID).contains(&event_id.len()) && event_id.bytes().all(plain);
    let rule =
        |holds: bool, field: &str, rule: &str| if holds { Ok(()) } else { Err(Invalid::field(field, rule)) };
    Invalid::all([
        rule(url.len() <= LONGEST_URL, "url", "must be at most 2048 bytes"),
        rule(is_id, "event_id", "must be 1 to 128 letters, digits, `_` or `-`"),
        rule(body.len() <= LARGEST_BODY, "body", "must be at most 256 KiB"),
    ])
}
