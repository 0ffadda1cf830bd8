//! Jobs, as they are told, and which are asked for.

use contract::{Invalid, page_size};
use jobs::{Name, State};
use jobview::{KINDS, WEBHOOK, state};
use proto::jobs::v1 as wire;

use super::findings::Findings;
use crate::desk::{Query, Seen};

/// A job as it is told.
pub(crate) fn job(seen: &Seen) -> wire::Job {
    jobview::job(&seen.job, seen.work.as_deref(), seen.made.as_ref())
}

/// Which jobs to list.
pub(crate) fn query(request: wire::ListJobsRequest) -> Result<Query, Invalid> {
    let mut found = Findings::default();
    let size = found.take(page_size(request.page_size));
    let state = found.take(filter(request.state));
    let kind = found.take(kind(&request.kind));
    found.end()?;
    let token = Some(request.page_token).filter(|token| !token.is_empty());
    // Who looks at jobs looks for what was asked, not for what tells of it.
    let originals = kind.as_ref().is_none_or(|kind| kind.as_str() != WEBHOOK);
    Ok(Query { state, kind, originals, size, token })
}

/// Which dead jobs to list.
pub(crate) fn dead_query(request: wire::ListDeadJobsRequest) -> Result<Query, Invalid> {
    let wire::ListDeadJobsRequest { page_size, page_token, kind } = request;
    let state = wire::State::Dead.into();
    // One that cannot be told is what its owner has to know of.
    let query = query(wire::ListJobsRequest { page_size, page_token, kind, state })?;
    Ok(Query { originals: false, ..query })
}

fn kind(kind: &str) -> Result<Option<Name>, Invalid> {
    if kind.is_empty() {
        return Ok(None);
    }
    let rule = || format!("must be a kind of job, one of {}, {WEBHOOK}", KINDS.join(", "));
    let known = (KINDS.contains(&kind) || kind == WEBHOOK).then(|| Name::new("kind", kind).ok()).flatten();
    known.map(Some).ok_or_else(|| Invalid::field("kind", rule()))
}

fn filter(asked: i32) -> Result<Option<State>, Invalid> {
    let known = wire::State::try_from(asked);
    let known = known.map_err(|_| Invalid::field("state", format!("must be a State, is {asked}")))?;
    Ok(State::ALL.into_iter().find(|it| state(*it) == known))
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use jobs::State;
    use jobview::{KINDS, state};
    use proto::jobs::v1 as wire;

    use super::{filter, kind, query};

    #[test]
    fn every_kind_can_be_asked_for_and_no_other() {
        for known in KINDS.into_iter().chain(["webhook"]) {
            assert_eq!(kind(known).unwrap().unwrap().as_str(), known);
        }
        assert!(kind("image").unwrap_err().to_string().contains("generate_text, batch"));
    }

    #[test]
    fn webhooks_are_listed_where_they_are_asked_for() {
        let originals = |state: wire::State, kind: &str| {
            let state = state.into();
            query(wire::ListJobsRequest { state, kind: kind.to_owned(), ..Default::default() })
                .unwrap()
                .originals
        };
        assert!(originals(wire::State::Unspecified, "") && originals(wire::State::Running, "batch"));
        assert!(!originals(wire::State::Unspecified, "webhook"));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong =
            wire::ListJobsRequest { page_size: -1, state: 99, kind: "image".into(), ..Default::default() };
        let wrong = query(wrong).err().unwrap();
        let fields: Vec<_> = wrong.violations().iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["page_size", "state", "kind"]);
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
