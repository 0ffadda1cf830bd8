//! Messages of the contract as JSON.

use jobview::Json;
use prost::Message;
use serde_json::Value;

/// The message in the contract's own JSON mapping. `name` is the message's full name.
pub(crate) fn json<M: Message>(name: &str, message: &M) -> anyhow::Result<Value> {
    Ok(Json::new()?.write(name, message)?)
}

/// The same for each of many.
pub(crate) fn array<M: Message>(name: &str, messages: &[M]) -> anyhow::Result<Value> {
    let json = Json::new()?;
    messages.iter().map(|message| Ok(json.write(name, message)?)).collect()
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use proto::jobs::v1::{BatchWork, Job, Progress, State, job::Work};

    use super::json;

    #[test]
    fn a_job_is_written_as_grpcurl_writes_it() {
        let job = Job {
            name: "jobs/0a".into(),
            state: State::Running.into(),
            work: Some(Work::Batch(BatchWork { input: "uploads/1b".into(), ..BatchWork::default() })),
            create_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            progress: Some(Progress { done: 12, total: u64::MAX, ..Progress::default() }),
            ..Job::default()
        };
        let written = json("ondol.jobs.v1.Job", &job).unwrap();
        assert_eq!(written["state"], "STATE_RUNNING");
        assert_eq!(written["createTime"], "2023-11-14T22:13:20Z");
        assert_eq!(written["batch"]["input"], "uploads/1b");
        assert_eq!(written["progress"]["total"], u64::MAX.to_string());
        for there in ["failure", "artifacts", "attempts", "cancelRequested"] {
            assert!(!written[there].is_null(), "{there} is missing in {written}");
        }
    }

    #[test]
    fn every_message_that_is_printed_is_in_the_contract() {
        for name in [
            "ondol.jobs.v1.Job",
            "ondol.artifacts.v1.Artifact",
            "ondol.artifacts.v1.CreateDownloadUrlResponse",
            "ondol.tools.v1.Tool",
            "ondol.tools.v1.CallToolResponse",
        ] {
            super::json(name, &Job::default()).unwrap();
        }
    }
}
