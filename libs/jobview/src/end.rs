//! The end of a job, as whoever wished to know is told of it.

use std::time::SystemTime;

use artifacts::Manifest;
use jobs::{Job, Origin, State};
use prost_types::Timestamp;
use proto::jobs::v1 as wire;
use serde_json::{Value, json};

use crate::{JobviewError, Json, job, state};

/// The end of a job.
pub struct End<'a> {
    /// Which end.
    pub origin: &'a Origin,
    /// The job as it stands now, if it is still known. It may have been requeued since.
    pub job: Option<&'a Job>,
}

impl End<'_> {
    /// What is told: `type`, `timestamp`, and the job as it was at this end in `data`, without what it was to do.
    pub fn body(&self, json: &Json) -> Result<Value, JobviewError> {
        let data = json.write("ondol.jobs.v1.Job", &self.message())?;
        // As the contract's JSON writes times, so that both are the same text.
        Ok(json!({ "type": self.word(), "timestamp": data["endTime"], "data": data }))
    }

    fn word(&self) -> &'static str {
        match self.origin.state {
            State::Done => "job.succeeded",
            State::Dead => "job.dead",
            State::Cancelled => "job.cancelled",
            State::Expired => "job.expired",
            // No queue ends a job so.
            State::Ready | State::Parked | State::Delayed | State::Running => "job.ended",
        }
    }

    fn message(&self) -> wire::Job {
        let Origin { id, state: ended_as, ended } = self.origin;
        let told = match self.job {
            // Another life, of which this end knows nothing: what came of this one is no longer known.
            Some(now) if now.state != *ended_as || now.ended != Some(*ended) => {
                let wire::Job { name, kind, priority, published, webhook, create_time, .. } =
                    job(now, None, None);
                wire::Job { name, kind, priority, published, webhook, create_time, ..wire::Job::default() }
            }
            Some(now) => {
                let result = now.result.as_deref().filter(|_| now.state == State::Done);
                let made = result.and_then(|bytes| Manifest::from_bytes(bytes).ok());
                job(now, None, made.as_ref())
            }
            None => wire::Job { name: format!("jobs/{id}"), ..wire::Job::default() },
        };
        let end_time = Some(Timestamp::from(SystemTime::from(*ended)));
        wire::Job { state: state(*ended_as).into(), end_time, ..told }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jobs::{JobId, Origin, State};

    use super::End;
    use crate::Json;

    #[test]
    fn the_end_of_a_job_that_was_forgotten_is_told_all_the_same() {
        let id: JobId = "0".repeat(34).parse().unwrap();
        let ended = Timestamp::from_millisecond(1_700_000_000_830).unwrap();
        let origin = Origin { id, state: State::Expired, ended };
        let body = End { origin: &origin, job: None }.body(&Json::new().unwrap()).unwrap();
        assert_eq!(
            (&body["type"], &body["timestamp"]),
            (&"job.expired".into(), &"2023-11-14T22:13:20.830Z".into())
        );
        assert_eq!(body["data"]["name"], format!("jobs/{id}"));
        assert_eq!(
            (&body["data"]["state"], &body["data"]["endTime"]),
            (&"STATE_EXPIRED".into(), &body["timestamp"])
        );
    }
}
