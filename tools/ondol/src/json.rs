//! Messages of the contract as JSON.

use anyhow::Context;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

/// The message in the contract's own JSON mapping, which is also what grpcurl prints: `createTime`, `STATE_RUNNING`, and
/// 64-bit numbers as text. Fields that hold their default are there too, so that the shape does not change with the
/// values. `name` is the message's full name.
pub(crate) fn json<M: Message>(name: &str, message: &M) -> anyhow::Result<Value> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).context("the contract of this program")?;
    let descriptor = pool.get_message_by_name(name).with_context(|| format!("{name} in the contract"))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new().skip_default_fields(false);
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// The same for each of many.
pub(crate) fn array<M: Message>(name: &str, messages: &[M]) -> anyhow::Result<Value> {
    messages.iter().map(|message| json(name, message)).collect()
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
