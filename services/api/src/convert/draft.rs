//! A request for a job.

use std::{collections::BTreeMap, time::Duration};

use accounts::Grants;
use contract::Invalid;
use fault::Rounded;
use jobs::{Idempotency, Name, Priority};
use prost::Message;
use proto::jobs::v1 as wire;
use sha2::{Digest, Sha256};

use super::{
    findings::Findings,
    time::length,
    webhook::check_webhook,
    work::{check_grants, work_of},
};
use crate::{ApiError, desk::Draft};

/// Bytes of a `request_id`.
const LONGEST_ID: usize = 256;
/// How far away the times of a job may be.
const FARTHEST: Duration = Duration::from_hours(24 * 366);

/// Checks a request for a job by a key that allows this; every wrong field of it is named at once.
pub(crate) fn draft(request: wire::CreateJobRequest, granted: &Grants) -> Result<Draft, ApiError> {
    let fingerprint = fingerprint(&request);
    let wire::CreateJobRequest { job, request_id, delay, expires_after } = request;
    let job = job.unwrap_or_default();
    check_grants(job.work.as_ref(), granted)?;
    let mut found = Findings::default();
    let (kind, work) = found.take(work_of(job.work.as_ref()));
    let priority = found.take(priority_of(job.priority));
    let delay = found.take(length("delay", delay, FARTHEST)).unwrap_or_default();
    let expires_after = found.take(length("expires_after", expires_after, FARTHEST));
    found.take(check_order(delay, expires_after));
    found.take(check_id(&request_id));
    found.take(check_webhook(job.webhook.as_ref()));
    found.end()?;
    let idempotency = (!request_id.is_empty()).then_some(Idempotency { key: request_id, fingerprint });
    let (kind, published) = (Name::new("job", kind)?, job.published);
    let sequel = job.webhook.map(|webhook| jobview::sequel_of(&webhook, BTreeMap::new())).transpose()?;
    Ok(Draft { kind, work, published, priority, delay, expires_after, idempotency, sequel })
}

/// A job that expires before it may run would never run.
fn check_order(delay: Duration, expires_after: Option<Duration>) -> Result<(), Invalid> {
    if expires_after.is_some_and(|expires_after| expires_after <= delay) {
        let rule = format!("must be longer than delay ({}), which it includes", Rounded(delay));
        return Err(Invalid::field("expires_after", rule));
    }
    Ok(())
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
    let wire::Job { work, priority, published, webhook, .. } = job;
    let job = wire::Job { work, priority, published, webhook, ..wire::Job::default() };
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
