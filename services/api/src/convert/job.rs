//! Jobs, as they are told, and which are asked for.

use std::time::SystemTime;

use artifacts::PUBLISHED_HEADER;
use contract::{Invalid, page_size};
use jobs::{Name, Priority, State};
use prost::Message;
use prost_types::Timestamp;
use proto::jobs::v1::{self as wire, job::Work};

use super::artifact::link;
use crate::desk::{Query, Seen};

/// The kinds of jobs: the fields of `work`.
const KINDS: [&str; 2] = ["generate_text", "batch"];

/// A job as it is told.
pub(crate) fn job(seen: Seen) -> wire::Job {
    let Seen { job, work, made } = seen;
    let published = match &made {
        Some(made) => made.published,
        None => job.headers.get(PUBLISHED_HEADER).is_some_and(|word| word == "true"),
    };
    // The queue remembers why an earlier try failed, which says nothing of a job that has ended well.
    let failure = job.error.filter(|_| job.state != State::Done);
    let progress = job.progress.as_deref().and_then(|bytes| wire::Progress::decode(bytes).ok());
    wire::Job {
        name: format!("jobs/{}", job.id),
        work: work.and_then(|bytes| work_of(job.kind.as_str(), &bytes)),
        priority: priority(job.priority).into(),
        published,
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
    }
}

/// Which jobs to list.
pub(crate) fn query(request: wire::ListJobsRequest) -> Result<Query, Invalid> {
    let checked = (page_size(request.page_size), filter(request.state), kind(&request.kind));
    let (Ok(size), Ok(state), Ok(kind)) = checked else {
        let (size, state, kind) = checked;
        Invalid::all([size.map(drop), state.map(drop), kind.map(drop)])?;
        return Err(Invalid::field("page_size", "cannot be read"));
    };
    let token = Some(request.page_token).filter(|token| !token.is_empty());
    Ok(Query { state, kind, size, token })
}

/// Which dead jobs to list.
pub(crate) fn dead_query(request: wire::ListDeadJobsRequest) -> Result<Query, Invalid> {
    let wire::ListDeadJobsRequest { page_size, page_token, kind } = request;
    query(wire::ListJobsRequest { page_size, page_token, kind, state: wire::State::Dead.into() })
}

fn kind(kind: &str) -> Result<Option<Name>, Invalid> {
    if kind.is_empty() {
        return Ok(None);
    }
    let rule = || format!("must be a kind of job, one of {}", KINDS.join(", "));
    let known = KINDS.contains(&kind).then(|| Name::new("kind", kind).ok()).flatten();
    known.map(Some).ok_or_else(|| Invalid::field("kind", rule()))
}

fn filter(asked: i32) -> Result<Option<State>, Invalid> {
    let known = wire::State::try_from(asked);
    let known = known.map_err(|_| Invalid::field("state", format!("must be a State, is {asked}")))?;
    Ok(State::ALL.into_iter().find(|it| state(*it) == known))
}

pub(super) const fn state(state: State) -> wire::State {
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
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jobs::State;
    use proto::jobs::v1 as wire;

    use prost::Message;
    use prost_types::field_descriptor_proto::Type;

    use super::{KINDS, filter, kind, state};

    #[test]
    fn every_kind_of_the_contract_can_be_asked_for_and_no_other() {
        let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
        let file = files
            .into_iter()
            .find(|file| file.package() == "ondol.jobs.v1" && file.name().ends_with("/job.proto"));
        let job = file.unwrap().message_type.into_iter().find(|message| message.name() == "Job").unwrap();
        let kinds =
            job.field.iter().filter(|field| field.oneof_index.is_some() && field.r#type() == Type::Message);
        let kinds: Vec<_> = kinds.map(|field| field.name().to_owned()).collect();
        assert_eq!(kinds, KINDS);
        for known in KINDS {
            assert_eq!(kind(known).unwrap().unwrap().as_str(), known);
        }
        assert!(kind("image").unwrap_err().to_string().contains("generate_text, batch"));
    }

    #[test]
    fn every_state_can_be_asked_for() {
        for known in State::ALL {
            assert_eq!(filter(state(known).into()).unwrap(), Some(known));
        }
        assert_eq!(filter(wire::State::Unspecified.into()).unwrap(), None);
        assert!(filter(99).is_err());
    }
}
