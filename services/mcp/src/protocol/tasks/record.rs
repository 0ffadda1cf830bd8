//! How a task stands, as it is kept.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rmcp::{
    ErrorData,
    model::{DetailedTask, InputRequests, JsonObject, Task, TaskPayload, TaskStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{inbox::Inbox, name::TaskName};

/// How often callers are asked to look.
const LOOK_EVERY_MS: u64 = 1000;
/// After this time without a word from its replica, a task is taken for lost: several beats, and some difference of clocks.
pub(super) const LOST_AFTER: Duration = Duration::from_secs(45);

/// How a task stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Record {
    /// The tool that was called.
    pub(super) tool: String,
    /// When the replica that runs it has last said so, in milliseconds.
    pub(super) beat: i64,
    /// What callers see.
    pub(super) task: DetailedTask,
}

impl Record {
    pub(super) fn new(name: &TaskName, tool: &str, now: Timestamp, ttl: Duration) -> Self {
        let moment = now.to_string();
        let task = Task::new(name.id(), TaskStatus::Working, moment.clone(), moment)
            .with_ttl_ms(ttl.as_millis() as u64)
            .with_poll_interval_ms(LOOK_EVERY_MS);
        let task = DetailedTask::new(task, TaskPayload::Working);
        Self { tool: tool.to_owned(), beat: now.as_millisecond(), task }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, ErrorData> {
        serde_json::from_slice(bytes)
            .map_err(|_| ErrorData::internal_error("the task's record cannot be read", None))
    }

    pub(super) fn written(&self) -> Result<Bytes, ErrorData> {
        let bytes = serde_json::to_vec(self).map_err(|_| unwritable())?;
        Ok(bytes.into())
    }

    /// Whether nothing will change any more.
    pub(super) fn is_over(&self) -> bool {
        self.task.status().is_terminal()
    }

    /// Whether the task waits for an answer to this.
    pub(super) fn asks(&self, question: &str) -> bool {
        matches!(&self.task.payload, TaskPayload::InputRequired { input_requests } if input_requests.contains_key(question))
    }

    /// Sets how the task stands now.
    pub(super) fn set(&mut self, payload: TaskPayload, now: Timestamp) {
        self.beat = now.as_millisecond();
        self.task.task.last_updated_at = now.to_string();
        self.task = DetailedTask::new(self.task.task.clone(), payload);
    }

    /// How a task looks that is not over: without what was answered already, and lost if nobody runs it any more.
    pub(super) fn seen(mut self, now: Timestamp, inbox: &Inbox) -> DetailedTask {
        let silence = now.as_millisecond().saturating_sub(self.beat);
        if silence > LOST_AFTER.as_millis() as i64 {
            self.set(failed("the replica that ran this task is gone: call again"), now);
            return self.task;
        }
        if let TaskPayload::InputRequired { input_requests } = &self.task.payload {
            let open = input_requests.iter().filter(|(question, _)| !inbox.answers.contains_key(*question));
            let open: InputRequests = open.map(|(id, request)| (id.clone(), request.clone())).collect();
            let payload = if open.is_empty() {
                TaskPayload::Working
            } else {
                TaskPayload::InputRequired { input_requests: open }
            };
            self.task = DetailedTask::new(self.task.task, payload);
        }
        self.task
    }
}

/// Nothing is written over what is there with what cannot be told.
pub(super) fn unwritable() -> ErrorData {
    ErrorData::internal_error("how the task stands cannot be written down", None)
}

/// A task that failed through no fault of its tool.
pub(super) fn failed(why: &str) -> TaskPayload {
    error(&ErrorData::internal_error(why.to_owned(), None))
}

/// A task that ended with an error of the protocol.
pub(super) fn error(error: &ErrorData) -> TaskPayload {
    TaskPayload::Failed { error: object(error) }
}

/// A value of the protocol as its fields.
pub(super) fn object(value: &impl Serialize) -> JsonObject {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => JsonObject::new(),
    }
}
