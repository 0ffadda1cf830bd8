//! A job on one line, and as JSON.

use prost_types::Timestamp;
use proto::jobs::v1::{Job, Progress, State};

/// The message's name in the contract.
pub(super) const JOB: &str = "ondol.jobs.v1.Job";

/// The state as people write it: `running`.
pub(super) fn state_name(state: State) -> String {
    state.as_str_name().trim_start_matches("STATE_").to_lowercase()
}

/// Reads what [`state_name`] writes; for clap's `value_parser`.
pub(super) fn parse_state(text: &str) -> Result<State, String> {
    let name = format!("STATE_{}", text.to_uppercase());
    let known = State::from_str_name(&name).filter(|state| *state != State::Unspecified);
    known.ok_or_else(|| {
        "expected ready, parked, delayed, running, succeeded, dead, cancelled or expired".to_owned()
    })
}

/// Whether nothing more happens to a job in this state.
pub(super) fn is_end(state: State) -> bool {
    matches!(state, State::Succeeded | State::Dead | State::Cancelled | State::Expired)
}

/// One line of a list.
pub(super) fn row(job: &Job) -> String {
    let progress = job.progress.as_ref().map(progress_text).unwrap_or_default();
    let created = job.create_time.as_ref().map(time).unwrap_or_default();
    let of = if job.origin.is_empty() { String::new() } else { format!("of {}", job.origin) };
    let failure = if job.failure.is_empty() { String::new() } else { format!("  {}", job.failure) };
    format!(
        "{:<40} {:<14} {:<10} {created}  {progress}{of}{failure}",
        job.name,
        job.kind,
        state_name(job.state())
    )
    .trim_end()
    .to_owned()
}

/// `12 of 100, 1 failed`.
pub(super) fn progress_text(progress: &Progress) -> String {
    let of = if progress.total > 0 { format!(" of {}", progress.total) } else { String::new() };
    let failed = if progress.failed > 0 { format!(", {} failed", progress.failed) } else { String::new() };
    format!("{}{of}{failed}", progress.done)
}

fn time(time: &Timestamp) -> String {
    time.to_string()
}

#[cfg(test)]
mod tests {
    use proto::jobs::v1::{Job, Progress, State};

    use super::{parse_state, row, state_name};

    #[test]
    fn a_state_is_read_as_it_is_written() {
        for state in [State::Ready, State::Succeeded, State::Expired] {
            assert_eq!(parse_state(&state_name(state)), Ok(state));
        }
        assert!(parse_state("unspecified").is_err() && parse_state("asleep").is_err());
    }

    #[test]
    fn a_row_says_what_is_known() {
        let progress = Progress { done: 12, total: 100, failed: 1, ..Progress::default() };
        let job = Job {
            name: "jobs/0a".into(),
            kind: "batch".into(),
            state: State::Running.into(),
            progress: Some(progress),
            ..Job::default()
        };
        let row = row(&job);
        assert!(row.starts_with("jobs/0a") && row.ends_with("12 of 100, 1 failed"), "{row}");
        let telling = Job { kind: "webhook".into(), origin: "jobs/0b".into(), progress: None, ..job };
        assert!(super::row(&telling).ends_with("  of jobs/0b"));
    }
}
