//! What callers have said to a task, at whatever replica.

use std::collections::BTreeMap;

use rmcp::ErrorData;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    record::unwritable,
    shelf::{Mark, Shelf},
};
use crate::protocol::answer;

/// How often a change is tried while others change the same.
const ATTEMPTS: usize = 8;
/// The most that may be said to one task.
const LARGEST: usize = 1 << 20;

/// What callers have said to a task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Inbox {
    /// That it is not wanted any more.
    #[serde(default)]
    pub(super) cancelled: bool,
    /// What they have answered, by question.
    #[serde(default)]
    pub(super) answers: BTreeMap<String, Value>,
}

/// What was said by now, and how it lay there.
pub(super) async fn read(shelf: &Shelf, key: &str) -> Result<(Inbox, Mark), ErrorData> {
    match shelf.read(key).await.map_err(|error| answer::failed(&error))? {
        None => Ok((Inbox::default(), Mark::Absent)),
        Some((bytes, mark)) => match serde_json::from_slice(&bytes) {
            Ok(inbox) => Ok((inbox, mark)),
            Err(_) => Err(ErrorData::internal_error("what was said to the task cannot be read", None)),
        },
    }
}

/// Says something more, whatever others say at the same time.
pub(super) async fn change(shelf: &Shelf, key: &str, change: impl Fn(&mut Inbox)) -> Result<(), ErrorData> {
    for _ in 0..ATTEMPTS {
        let (before, mark) = read(shelf, key).await?;
        let mut inbox = before.clone();
        change(&mut inbox);
        if inbox == before {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&inbox).map_err(|_| unwritable())?;
        if bytes.len() > LARGEST {
            return Err(ErrorData::invalid_params("the answers to this task are too large", None));
        }
        if shelf.replace(key, bytes.into(), mark).await.map_err(|error| answer::failed(&error))? {
            return Ok(());
        }
    }
    Err(ErrorData::internal_error("too many speak to this task at once: try again", None))
}
