//! A request for a job.

use std::time::Duration;

use artifacts::Upload;
use contract::{Invalid, check_generation, model_id};
use jobs::{Idempotency, Name, Priority};
use prost::Message;
use proto::jobs::v1::{self as wire, job::Work};
use sha2::{Digest, Sha256};

use super::time::length;
use crate::{ApiError, desk::Draft};

/// A text of 1 MiB, and what stands around it.
const LARGEST: usize = 1024 * 1024 + 64 * 1024;
const LONGEST_ID: usize = 256;
const MOST_CONCURRENCY: u32 = 64;
const FARTHEST: Duration = Duration::from_hours(24 * 366);

/// Checks a request for a job; every wrong field of it is named at once.
pub(crate) fn draft(request: wire::CreateJobRequest) -> Result<Draft, ApiError> {
    let fingerprint = fingerprint(&request);
    let wire::CreateJobRequest { job, request_id, delay, expires_after } = request;
    let job = job.unwrap_or_default();
    let mut found = Found(Vec::new());
    let (kind, work) = found.take(work_of(job.work.as_ref()));
    let priority = found.take(priority_of(job.priority));
    let delay = found.take(length("delay", delay, FARTHEST)).unwrap_or_default();
    let expires_after = found.take(length("expires_after", expires_after, FARTHEST));
    found.take(check_order(delay, expires_after));
    found.take(check_id(&request_id));
    Invalid::all(found.0)?;
    let idempotency = (!request_id.is_empty()).then_some(Idempotency { key: request_id, fingerprint });
    let (kind, published) = (Name::new("job", kind)?, job.published);
    Ok(Draft { kind, work, published, priority, delay, expires_after, idempotency })
}

/// What is wrong so far.
struct Found(Vec<Result<(), Invalid>>);

impl Found {
    /// The value, or nothing where it is wrong.
    fn take<T: Default>(&mut self, checked: Result<T, Invalid>) -> T {
        checked.unwrap_or_else(|invalid| {
            self.0.push(Err(invalid));
            T::default()
        })
    }
}

/// A job that expires before it may run would never run.
fn check_order(delay: Duration, expires_after: Option<Duration>) -> Result<(), Invalid> {
    if expires_after.is_some_and(|expires_after| expires_after <= delay) {
        let rule = format!("must be longer than delay ({delay:?}), which it includes");
        return Err(Invalid::field("expires_after", rule));
    }
    Ok(())
}

/// The kind, and the message as the worker reads it.
fn work_of(work: Option<&Work>) -> Result<(&'static str, Vec<u8>), Invalid> {
    let (kind, bytes) = match work {
        None => return Err(Invalid::field("job", "one kind of work is required: generate_text or batch")),
        Some(Work::GenerateText(work)) => {
            let request = work.request.clone().unwrap_or_default();
            check_generation(&request).map_err(|wrong| wrong.within("job.generate_text.request"))?;
            ("generate_text", work.encode_to_vec())
        }
        Some(Work::Batch(work)) => {
            check_batch(work)?;
            ("batch", work.encode_to_vec())
        }
    };
    if bytes.len() > LARGEST {
        let rule = format!("must be at most {LARGEST} bytes, is {}", bytes.len());
        return Err(Invalid::field(format!("job.{kind}"), rule));
    }
    Ok((kind, bytes))
}

fn check_batch(work: &wire::BatchWork) -> Result<(), Invalid> {
    let input = Upload::parse("input", &work.input).map(drop).map_err(|_| {
        Invalid::field("job.batch.input", "must be `uploads/{upload}`, as CreateUploadUrl names it")
    });
    let concurrency = if work.concurrency <= MOST_CONCURRENCY {
        Ok(())
    } else {
        let rule = format!("must be at most {MOST_CONCURRENCY}, is {}", work.concurrency);
        Err(Invalid::field("job.batch.concurrency", rule))
    };
    let model = if work.model.is_empty() { Ok(()) } else { model_id(&work.model).map(drop) };
    Invalid::all([input, concurrency, model.map_err(|wrong| wrong.within("job.batch"))])
}

fn priority_of(priority: i32) -> Result<Priority, Invalid> {
    match wire::Priority::try_from(priority) {
        Ok(wire::Priority::Unspecified | wire::Priority::Normal) => Ok(Priority::Normal),
        Ok(wire::Priority::High) => Ok(Priority::High),
        Ok(wire::Priority::Low) => Ok(Priority::Low),
        Err(_) => Err(Invalid::field("job.priority", format!("must be a Priority, is {priority}"))),
    }
}

fn check_id(id: &str) -> Result<(), Invalid> {
    if id.len() <= LONGEST_ID {
        return Ok(());
    }
    Err(Invalid::field("request_id", format!("must be at most {LONGEST_ID} bytes, is {}", id.len())))
}

/// What makes two requests the same: all that a caller says, and nothing that is ours to say.
fn fingerprint(request: &wire::CreateJobRequest) -> Vec<u8> {
    let job = request.job.clone().unwrap_or_default();
    let (work, priority, published) = (job.work, job.priority, job.published);
    let job = wire::Job { work, priority, published, ..wire::Job::default() };
    let (delay, expires_after) = (request.delay, request.expires_after);
    let asked = wire::CreateJobRequest { job: Some(job), request_id: String::new(), delay, expires_after };
    Sha256::digest(asked.encode_to_vec()).to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fault::Fault;

    use super::check_order;

    #[test]
    fn a_job_cannot_expire_before_it_may_run() {
        let seconds = Duration::from_secs;
        for good in [(0, None), (10, None), (0, Some(1)), (10, Some(11))] {
            assert!(check_order(seconds(good.0), good.1.map(seconds)).is_ok(), "{good:?}");
        }
        for (delay, expires_after) in [(10, 2), (10, 10)] {
            let wrong = check_order(seconds(delay), Some(seconds(expires_after))).unwrap_err();
            assert_eq!(wrong.violations()[0].field, "expires_after");
        }
    }
}
