//! The wish to be told of a job's end, as it stands in the queue.

use std::collections::BTreeMap;

use jobs::{Job, JobsError, Name, Sequel};
use prost::Message;
use proto::jobs::v1::Webhook;

/// The kind of the jobs that tell of ends.
pub const WEBHOOK: &str = "webhook";

/// What has the queue make a job of the kind [`WEBHOOK`] at the end of another. `headers` are the words of the call that asks.
pub fn sequel_of(webhook: &Webhook, headers: BTreeMap<String, String>) -> Result<Sequel, JobsError> {
    Ok(Sequel { kind: Name::new("webhook", WEBHOOK)?, payload: webhook.encode_to_vec(), headers })
}

/// Where the end of a job is told.
pub fn webhook_of(job: &Job) -> Option<Webhook> {
    let sequel = job.sequel.as_ref().filter(|sequel| sequel.kind.as_str() == WEBHOOK)?;
    Webhook::decode(sequel.payload.as_slice()).ok()
}
