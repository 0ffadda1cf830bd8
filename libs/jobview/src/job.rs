//! A job as it is told.

use std::time::SystemTime;

use artifacts::{Artifact, Manifest, PUBLISHED_HEADER};
use jobs::{Job, Priority, State};
use prost::Message;
use prost_types::Timestamp;
use proto::jobs::v1::{self as wire, ArtifactLink, job::Work};

use crate::{WEBHOOK, webhook_of};

/// A job as it is told, with what it is to do and what it made as far as these are known.
pub fn job(job: &Job, work: Option<&[u8]>, made: Option<&Manifest>) -> wire::Job {
    let published = match made {
        Some(made) => made.published,
        None => job.headers.get(PUBLISHED_HEADER).is_some_and(|word| word == "true"),
    };
    // The queue remembers why an earlier try failed, which says nothing of a job that has ended well.
    let failure = job.error.clone().filter(|_| job.state != State::Done);
    let progress = job.progress.as_deref().and_then(|bytes| wire::Progress::decode(bytes).ok());
    wire::Job {
        name: format!("jobs/{}", job.id),
        work: work.and_then(|bytes| work_of(job.kind.as_str(), bytes)),
        priority: priority(job.priority).into(),
        published,
        webhook: webhook_of(job).or_else(|| told(job.kind.as_str(), work?)),
        state: state(job.state).into(),
        kind: job.kind.as_str().to_owned(),
        attempts: job.attempts,
        recoveries: job.recoveries,
        cancel_requested: job.cancel_requested,
        create_time: Some(SystemTime::from(job.created).into()),
        start_time: job.began.map(|at| Timestamp::from(SystemTime::from(at))),
        end_time: job.ended.map(|at| Timestamp::from(SystemTime::from(at))),
        progress,
        artifacts: made.iter().flat_map(|made| made.artifacts.iter().map(|it| link(&made.job, it))).collect(),
        failure: failure.unwrap_or_default(),
        origin: job.origin.as_ref().map(|origin| format!("jobs/{}", origin.id)).unwrap_or_default(),
    }
}

/// An artifact as its job tells of it.
pub fn link(job: &str, artifact: &Artifact) -> ArtifactLink {
    ArtifactLink {
        name: format!("jobs/{job}/artifacts/{}", artifact.name),
        path: format!("/generated/{job}/{}", artifact.name),
        content_type: artifact.content_type.clone(),
        size_bytes: artifact.bytes,
    }
}

/// A state in the contract's words.
pub const fn state(state: State) -> wire::State {
    match state {
        State::Ready => wire::State::Ready,
        State::Parked => wire::State::Parked,
        State::Delayed => wire::State::Delayed,
        State::Running => wire::State::Running,
        State::Done => wire::State::Succeeded,
        State::Dead => wire::State::Dead,
        State::Cancelled => wire::State::Cancelled,
        State::Expired => wire::State::Expired,
    }
}

const fn priority(priority: Priority) -> wire::Priority {
    match priority {
        Priority::High => wire::Priority::High,
        Priority::Normal => wire::Priority::Normal,
        Priority::Low => wire::Priority::Low,
    }
}

fn work_of(kind: &str, bytes: &[u8]) -> Option<Work> {
    match kind {
        "generate_text" => wire::GenerateTextWork::decode(bytes).ok().map(Work::GenerateText),
        "batch" => wire::BatchWork::decode(bytes).ok().map(Work::Batch),
        "call_tool" => wire::CallToolWork::decode(bytes).ok().map(Work::CallTool),
        _ => None,
    }
}

/// Where a job that tells of another one's end tells it: its own would be told nowhere.
fn told(kind: &str, work: &[u8]) -> Option<wire::Webhook> {
    (kind == WEBHOOK).then(|| wire::Webhook::decode(work).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use proto::jobs::v1::Webhook;

    use super::told;

    #[test]
    fn of_a_job_that_tells_it_is_known_whom() {
        let webhook = Webhook { url: "https://example.com/hooks".into() };
        assert_eq!(told("webhook", &webhook.encode_to_vec()), Some(webhook.clone()));
        assert_eq!(told("batch", &webhook.encode_to_vec()), None);
    }
}
