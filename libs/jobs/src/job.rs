//! A job: what goes in, and what can be seen of it later.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use fault::Violation;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{JobsError, Name, Origin, Sequel, sequel};

/// The largest payload that a job carries itself, in bytes; more goes to object storage and is carried as a reference.
pub(crate) const PAYLOAD: usize = 64 * 1024;
const REFERENCE: usize = 1024;
const HEADERS: usize = 8 * 1024;
const KEY: usize = 256;
const FINGERPRINT: usize = 64;
/// No job is planned further ahead, and none waits longer: far from what clocks and doubles can hold.
const FARTHEST: Duration = Duration::from_hours(24 * 366);

/// A job's name: 34 hexadecimal digits, of which the last two say in which shard it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId {
    unique: Uuid,
    shard: u8,
}

impl JobId {
    pub(crate) fn new(unique: Uuid, shard: u8) -> Self {
        Self { unique, shard }
    }

    pub(crate) fn shard(self) -> u8 {
        self.shard
    }

    /// The part that is unique inside a shard, as it is stored.
    pub(crate) fn stored(self) -> String {
        self.unique.simple().to_string()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02x}", self.unique.simple(), self.shard)
    }
}

impl FromStr for JobId {
    type Err = JobsError;

    fn from_str(text: &str) -> Result<Self, JobsError> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let parsed = (digits && text.len() == 34).then(|| {
            let (unique, shard) = text.split_at(32);
            Some(Self::new(Uuid::try_parse(unique).ok()?, u8::from_str_radix(shard, 16).ok()?))
        });
        parsed.flatten().ok_or_else(|| JobsError::invalid("job", "expected 34 hexadecimal digits"))
    }
}

/// How urgent a job is. A class is never starved: each has a share, sixteen to four to one, of what a kind runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for it.
    High,
    /// As most jobs are.
    #[default]
    Normal,
    /// Whenever there is room.
    Low,
}

impl Priority {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::High, Self::Normal, Self::Low].into_iter().find(|priority| priority.word() == word)
    }

    /// The share of this class; the scripts have the same numbers.
    pub(crate) const fn share(self) -> f64 {
        match self {
            Self::High => 16.0,
            Self::Normal => 4.0,
            Self::Low => 1.0,
        }
    }
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It waits for a worker.
    Ready,
    /// It waits until its tenant has fewer jobs under way.
    Parked,
    /// It waits for its time: planned, or to be tried again.
    Delayed,
    /// A worker has it.
    Running,
    /// It ended well.
    Done,
    /// It failed for good, or took its worker with it three times.
    Dead,
    /// It was cancelled.
    Cancelled,
    /// Nobody took it in the time that it was given.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Ready,
        Self::Parked,
        Self::Delayed,
        Self::Running,
        Self::Done,
        Self::Dead,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Whether nothing more will happen to it, unless a dead one is requeued.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled | Self::Expired)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Parked => "parked",
            Self::Delayed => "delayed",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a handler works on; opaque to the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The bytes themselves, at most 64 KiB.
    Inline(Vec<u8>),
    /// The key of an object that holds them, at most 1 KiB.
    Reference(String),
}

/// Makes a repeated request one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key, unique in its tenant for as long as keys are kept; 1 to 256 bytes.
    pub key: String,
    /// What tells two requests apart, such as a digest; at most 64 bytes.
    pub fingerprint: Vec<u8>,
}

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Made once: enqueueing the same value again, as after a lost reply, is the same job.
    pub unique: Uuid,
    /// Which handler.
    pub kind: Name,
    /// Whose share of the queue it takes.
    pub tenant: Name,
    /// How urgent.
    pub priority: Priority,
    /// What to work on.
    pub payload: Payload,
    /// Words for the handler, such as trace context and principal; at most 8 KiB in all.
    pub headers: BTreeMap<String, String>,
    /// How long it rests before it may run; at most a year.
    pub delay: Duration,
    /// How long it may wait, its rest included, before it expires; at most a year.
    pub expires_after: Option<Duration>,
    /// Makes a repeated request one job.
    pub idempotency: Option<Idempotency>,
    /// What is enqueued when it ends, whichever way.
    pub sequel: Option<Sequel>,
}

impl NewJob {
    /// A normal job without headers that may run at once.
    pub fn new(kind: Name, tenant: Name, payload: Payload) -> Self {
        Self {
            unique: Uuid::now_v7(),
            kind,
            tenant,
            priority: Priority::default(),
            payload,
            headers: BTreeMap::new(),
            delay: Duration::ZERO,
            expires_after: None,
            idempotency: None,
            sequel: None,
        }
    }

    /// Every limit on a job's size and time.
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        let mut violations = Vec::new();
        let mut at_most = |field: &str, length: usize, most: usize, advice: &str| {
            if length > most {
                let description = format!("expected at most {most} bytes, got {length}{advice}");
                violations.push(Violation::new(field, description));
            }
        };
        match &self.payload {
            Payload::Inline(bytes) => {
                at_most("payload", bytes.len(), PAYLOAD, "; store it as an object and send its key");
            }
            Payload::Reference(key) => at_most("payload.reference", key.len(), REFERENCE, ""),
        }
        at_most("headers", words(&self.headers), HEADERS, "");
        if let Some(sequel) = &self.sequel {
            at_most("sequel.payload", sequel.payload.len(), sequel::LARGEST, "");
            at_most("sequel.headers", words(&sequel.headers), HEADERS, "");
        }
        if let Some(idempotency) = &self.idempotency {
            at_most("idempotency.key", idempotency.key.len(), KEY, "");
            at_most("idempotency.fingerprint", idempotency.fingerprint.len(), FINGERPRINT, "");
            if idempotency.key.is_empty() {
                violations.push(Violation::new("idempotency.key", "expected 1 byte or more, got none"));
            }
        }
        for (field, time) in [("delay", Some(self.delay)), ("expires_after", self.expires_after)] {
            if time.is_some_and(|time| time > FARTHEST) {
                violations.push(Violation::new(field, "expected at most 366 days"));
            }
        }
        if violations.is_empty() { Ok(()) } else { Err(JobsError::InvalidRequest { violations }) }
    }
}

/// How long they are together.
fn words(headers: &BTreeMap<String, String>) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// What became of an enqueued job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// Its name.
    pub id: JobId,
    /// Whether this call made it; `false` for a repeated one, by `unique` or by idempotency key.
    pub is_new: bool,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Which handler.
    pub kind: Name,
    /// Whose it is.
    pub tenant: Name,
    /// How urgent.
    pub priority: Priority,
    /// Where it is in its life.
    pub state: State,
    /// Runs that ended by the handler's word, the present one included.
    pub attempts: u32,
    /// Runs that ended because the worker went away.
    pub recoveries: u32,
    /// Whether it was asked to stop.
    pub cancel_requested: bool,
    /// When it was enqueued, by the queue's clock as all times.
    pub created: Timestamp,
    /// When its latest run began.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Who has or had it.
    pub worker: Option<String>,
    /// The latest progress.
    pub progress: Option<Vec<u8>>,
    /// What the handler left; the key of an object, or a few bytes.
    pub result: Option<Vec<u8>>,
    /// Why the latest run failed.
    pub error: Option<String>,
    /// What it works on; gone once the job is done, cancelled or expired.
    pub payload: Option<Payload>,
    /// Its headers; gone with the payload.
    pub headers: BTreeMap<String, String>,
    /// What is enqueued when it ends.
    pub sequel: Option<Sequel>,
    /// The end that it was enqueued by.
    pub origin: Option<Origin>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fault::Fault;

    use super::{FARTHEST, HEADERS, Idempotency, JobId, NewJob, PAYLOAD, Payload, REFERENCE};
    use crate::{Name, Sequel, sequel::LARGEST};

    fn job(payload: Payload) -> NewJob {
        let name = |text| Name::new("name", text).unwrap();
        NewJob::new(name("kind"), name("tenant"), payload)
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is_one() {
        let id = JobId::new(uuid::Uuid::now_v7(), 7);
        assert_eq!(id.to_string().parse::<JobId>().unwrap(), id);
        for wrong in ["", "x", &"g".repeat(34), &"0".repeat(33), &"é".repeat(17), &"A".repeat(34)] {
            assert_eq!(wrong.parse::<JobId>().unwrap_err().violations()[0].field, "job", "{wrong}");
        }
    }

    #[test]
    fn each_limit_names_its_field() {
        job(Payload::Inline(vec![0; PAYLOAD])).check().unwrap();
        let mut wrong = job(Payload::Inline(vec![0; PAYLOAD + 1]));
        wrong.headers.insert("h".to_owned(), "x".repeat(HEADERS));
        wrong.delay = FARTHEST + Duration::from_secs(1);
        wrong.expires_after = Some(wrong.delay);
        wrong.idempotency = Some(Idempotency { key: String::new(), fingerprint: vec![0; 65] });
        let kind = wrong.kind.clone();
        wrong.sequel = Some(Sequel { kind, payload: vec![0; LARGEST + 1], headers: wrong.headers.clone() });
        let error = wrong.check().unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        let expected = [
            "payload",
            "headers",
            "sequel.payload",
            "sequel.headers",
            "idempotency.fingerprint",
            "idempotency.key",
            "delay",
            "expires_after",
        ];
        assert_eq!(fields, expected);
        let reference = job(Payload::Reference("k".repeat(REFERENCE + 1))).check().unwrap_err();
        assert_eq!(reference.violations()[0].field, "payload.reference");
    }
}
