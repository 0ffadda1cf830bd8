//! A key as it is written in Redis: JSON, and outside of it when it was revoked.

use deadpool_redis::redis::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountsError, Grants, Key, Limits};

const KEY: &str = "an API key";

/// Times are in milliseconds since 1970.
#[derive(Deserialize, Serialize)]
struct Record {
    id: String,
    owner: String,
    note: String,
    hint: String,
    grants: String,
    limits: Limits,
    created: i64,
    expires: Option<i64>,
    sha256: String,
}

pub(super) fn encode(key: &Key) -> Result<String, AccountsError> {
    let record = Record {
        id: key.id.clone(),
        owner: key.owner.clone(),
        note: key.note.clone(),
        hint: key.hint.clone(),
        grants: key.grants.to_line(),
        limits: key.limits,
        created: key.created.as_millisecond(),
        expires: key.expires.map(Timestamp::as_millisecond),
        sha256: hex::encode(key.digest),
    };
    serde_json::to_string(&record).map_err(|_never| corrupt())
}

/// A record, and when it was revoked or ''.
pub(super) fn decode(record: &Value, revoked: &Value) -> Result<Key, AccountsError> {
    let record: Record = serde_json::from_str(text(record)?).map_err(|_odd| corrupt())?;
    let revoked = match text(revoked)? {
        "" => None,
        millis => Some(time(millis.parse().map_err(|_odd| corrupt())?)?),
    };
    let mut digest = [0; 32];
    hex::decode_to_slice(&record.sha256, &mut digest).map_err(|_odd| corrupt())?;
    Ok(Key {
        id: record.id,
        owner: record.owner,
        note: record.note,
        hint: record.hint,
        grants: Grants::from_line(&record.grants),
        limits: record.limits,
        created: time(record.created)?,
        expires: record.expires.map(time).transpose()?,
        revoked,
        digest,
    })
}

pub(super) fn text(value: &Value) -> Result<&str, AccountsError> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).map_err(|_odd| corrupt()),
        Value::SimpleString(text) => Ok(text),
        _ => Err(corrupt()),
    }
}

fn time(millis: i64) -> Result<Timestamp, AccountsError> {
    Timestamp::from_millisecond(millis).map_err(|_far| corrupt())
}

pub(super) fn corrupt() -> AccountsError {
    AccountsError::Corrupt { what: KEY }
}
