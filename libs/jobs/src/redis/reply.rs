//! Redis's answers, understood.

use std::{collections::BTreeMap, time::Duration};

use deadpool_redis::redis::Value;
use jiff::Timestamp;

use crate::{Job, JobId, JobsError, Name, Origin, Priority, Sequel, State};

pub(super) fn array(value: Value, what: &'static str) -> Result<Vec<Value>, JobsError> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(JobsError::Corrupt { what }),
    }
}

/// An answer of so many parts.
pub(super) fn parts<const N: usize>(value: Value, what: &'static str) -> Result<[Value; N], JobsError> {
    array(value, what)?.try_into().map_err(|_other| JobsError::Corrupt { what })
}

pub(super) fn bytes(value: Value, what: &'static str) -> Result<Vec<u8>, JobsError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        _ => Err(JobsError::Corrupt { what }),
    }
}

pub(super) fn text(value: Value, what: &'static str) -> Result<String, JobsError> {
    String::from_utf8(bytes(value, what)?).map_err(|_binary| JobsError::Corrupt { what })
}

pub(super) fn number(value: &Value, what: &'static str) -> Result<i64, JobsError> {
    let parsed = match value {
        Value::Int(number) => Some(*number),
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()),
        _ => None,
    };
    parsed.ok_or(JobsError::Corrupt { what })
}

/// A count, which is never less than nothing.
pub(super) fn tally(value: &Value, what: &'static str) -> Result<u64, JobsError> {
    Ok(u64::try_from(number(value, what)?).unwrap_or_default())
}

pub(super) fn time(millis: i64, what: &'static str) -> Result<Timestamp, JobsError> {
    Timestamp::from_millisecond(millis).map_err(|_far| JobsError::Corrupt { what })
}

/// From one time to a later one.
pub(super) fn span(from: i64, to: i64) -> Duration {
    Duration::from_millis(u64::try_from(to - from).unwrap_or_default())
}

pub(super) fn id(value: Value, shard: u8) -> Result<JobId, JobsError> {
    let text = text(value, "a job's name")?;
    format!("{text}{shard:02x}").parse().map_err(|_wrong| JobsError::Corrupt { what: "a job's name" })
}

pub(super) fn priority(value: Value) -> Result<Priority, JobsError> {
    Priority::parse(&text(value, "a priority")?).ok_or(JobsError::Corrupt { what: "a priority" })
}

/// The fields of a hash.
pub(super) struct Fields(BTreeMap<String, Vec<u8>>);

const JOB: &str = "a job";

impl Fields {
    pub(super) fn new(value: Value) -> Result<Self, JobsError> {
        let mut fields = BTreeMap::new();
        let mut values = array(value, "the fields of a job")?.into_iter();
        while let (Some(name), Some(value)) = (values.next(), values.next()) {
            fields.insert(text(name, JOB)?, bytes(value, JOB)?);
        }
        Ok(Self(fields))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, value)| {
            let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            (name.as_str(), number.unwrap_or_default())
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn word(&self, name: &str) -> Result<String, JobsError> {
        self.text(name).ok_or(JobsError::Corrupt { what: JOB })
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, JobsError> {
        self.number(name).map(|millis| time(millis, JOB)).transpose()
    }

    fn sequel(&self) -> Result<Option<Sequel>, JobsError> {
        let body = self.0.get("zb").map(Vec::as_slice).unwrap_or_default();
        self.text("z").map(|kind| Sequel::decode(&kind, body)).transpose()
    }

    fn origin(&self, shard: u8) -> Result<Option<Origin>, JobsError> {
        self.text("o").map(|text| Origin::parse(&text, shard)).transpose()
    }

    /// The job, without its body.
    pub(super) fn job(mut self, id: JobId) -> Result<Job, JobsError> {
        Ok(Job {
            id,
            kind: Name::new("kind", &self.word("k")?)?,
            tenant: Name::new("tenant", &self.word("t")?)?,
            priority: Priority::parse(&self.word("p")?).ok_or(JobsError::Corrupt { what: JOB })?,
            state: State::parse(&self.word("s")?).ok_or(JobsError::Corrupt { what: JOB })?,
            attempts: self.number("a").unwrap_or_default() as u32,
            recoveries: self.number("r").unwrap_or_default() as u32,
            cancel_requested: self.0.contains_key("cancel"),
            created: self.time("c")?.ok_or(JobsError::Corrupt { what: JOB })?,
            began: self.time("b")?,
            ended: self.time("e")?,
            worker: self.text("w"),
            error: self.text("err"),
            sequel: self.sequel()?,
            origin: self.origin(id.shard())?,
            progress: self.0.remove("progress"),
            result: self.0.remove("res"),
            payload: None,
            headers: BTreeMap::new(),
        })
    }
}
