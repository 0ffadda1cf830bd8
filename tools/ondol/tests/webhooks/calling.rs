//! Calls of tools as jobs, from api to the artifact.

use jobs::{JobId, State};
use tonic::Code;

use crate::stand::{HERE, LISTER, Stand};

fn id(job: &proto::jobs::v1::Job) -> JobId {
    job.name.strip_prefix("jobs/").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_tool_is_called_in_the_name_and_with_the_grants_of_its_caller() {
    let stand = Stand::with(HERE).await;
    let job = stand.call_with(LISTER, ("tools/s3_list", "daily/"), None).await.unwrap();
    assert_eq!(job.kind, "call_tool");
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts), (State::Done, 1), "{ended:?}");
    assert!(ended.headers.is_empty() && ended.sequel.is_none());
}

#[tokio::test]
async fn a_key_creates_what_it_may() {
    let stand = Stand::with(HERE).await;
    let refused = stand.call_with(LISTER, ("s3_get", "daily/"), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    assert!(refused.message().contains("s3_get"));
}

#[tokio::test]
async fn what_the_tool_refuses_is_dead_at_once() {
    let stand = Stand::with(HERE).await;
    let job = stand.call_with(LISTER, ("s3_list", "../"), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert!(ended.state.is_end() && ended.attempts == 1, "{ended:?}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_dead_at_once_and_says_so() {
    let stand = Stand::with("").await;
    let job = stand.call_with("a key", ("shop_search", ""), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts), (State::Dead, 1));
    assert!(ended.error.unwrap().contains("there is no tool"));
}
