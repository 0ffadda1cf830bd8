//! What receivers get.

use jobs::State;
use proto::jobs::v1::{CancelJobRequest, GetJobRequest, ListDeadJobsRequest, ListJobsRequest};

use crate::{
    receiver::Receiver,
    stand::{HERE, Stand, by_owner},
};

#[tokio::test]
async fn an_end_is_told_once_and_verifies_with_every_secret_in_use() {
    let (stand, receiver) = (Stand::with(HERE).await, Receiver::answering(&[]).await);
    let job = stand.call(Some(receiver.url())).await;
    assert_eq!(job.webhook.as_ref().unwrap().url, receiver.url());
    let webhook = stand.told(&job).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Done, 1), "{webhook:?}");

    let [told] = &receiver.told()[..] else { panic!("told {} times", receiver.told().len()) };
    let secrets = stand.secrets().await;
    assert_eq!(secrets.len(), 2);
    for secret in &secrets {
        told.verify(secret).unwrap();
    }
    assert!(told.verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
    assert_eq!(told.id(), webhook.id.to_string());
    assert_eq!(told.headers["content-type"], "application/json");
    let body = told.json();
    assert_eq!(body["type"], "job.succeeded");
    assert_eq!(
        (&body["data"]["name"], &body["data"]["state"]),
        (&job.name.into(), &"STATE_SUCCEEDED".into())
    );
    assert_eq!(body["timestamp"], body["data"]["endTime"]);
    assert_eq!(
        body["data"]["artifacts"][0]["name"].as_str().unwrap().rsplit('/').next(),
        Some("answer.json")
    );
    assert!(body["data"].get("callTool").is_none(), "what it was to do is not told");
}

#[tokio::test]
async fn a_receiver_that_fails_twice_is_told_a_third_time_under_the_same_id() {
    let (stand, receiver) = (Stand::with(HERE).await, Receiver::answering(&[500, 503]).await);
    let job = stand.call(Some(receiver.url())).await;
    let webhook = stand.told(&job).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Done, 3));
    let told = receiver.told();
    assert_eq!(told.len(), 3);
    for each in &told {
        each.verify(&stand.secrets().await[0]).unwrap();
        assert_eq!((each.id(), &each.body), (told[0].id(), &told[0].body));
    }
}

#[tokio::test]
async fn a_receiver_that_wants_nothing_is_asked_once() {
    let (stand, receiver) = (Stand::with(HERE).await, Receiver::answering(&[410]).await);
    let job = stand.call(Some(receiver.url())).await;
    let webhook = stand.told(&job).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Dead, 1));
    assert!(webhook.error.unwrap().contains("410"));
    assert_eq!(receiver.told().len(), 1);
    // Its owner is shown it among what failed, and nowhere else unless asked.
    let dead = stand.jobs().list_dead_jobs(by_owner(ListDeadJobsRequest::default())).await.unwrap();
    let dead = dead.into_inner().jobs;
    assert_eq!((dead.len(), dead[0].kind.as_str(), &dead[0].origin), (1, "webhook", &job.name));
    let request = GetJobRequest { name: dead[0].name.clone() };
    let shown = stand.jobs().get_job(by_owner(request)).await.unwrap().into_inner();
    assert_eq!((shown.webhook.unwrap().url, &shown.origin), (receiver.url(), &job.name));
    let listed =
        stand.jobs().list_jobs(by_owner(ListJobsRequest::default())).await.unwrap().into_inner().jobs;
    assert_eq!(listed.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["call_tool"]);
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let (stand, receiver) = (Stand::with(HERE).await, Receiver::answering(&[301, 302, 307, 308]).await);
    let webhook = stand.told(&stand.call(Some(receiver.url())).await).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Dead, 4));
    assert_eq!(receiver.told().len(), 4);
}

#[tokio::test]
async fn a_job_that_never_ran_is_told_of_as_well() {
    let (stand, receiver) = (Stand::with(HERE).await, Receiver::answering(&[]).await);
    let job = stand.idle(&receiver.url()).await;
    stand.jobs().cancel_job(by_owner(CancelJobRequest { name: job.name.clone() })).await.unwrap();
    assert_eq!(stand.told(&job).await.state, State::Done);
    let body = receiver.told()[0].json();
    assert_eq!((&body["type"], &body["data"]["name"]), (&"job.cancelled".into(), &job.name.into()));
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_named() {
    let public = "[webhooks]\nsecrets = [\"new\"]\nhosts = [\"*\"]\nplain_http = true\n";
    let (stand, receiver) = (Stand::with(public).await, Receiver::answering(&[]).await);
    let webhook = stand.told(&stand.call(Some(receiver.url())).await).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Dead, 1));
    assert!(webhook.error.unwrap().contains("may not be reached"));
    assert!(receiver.told().is_empty());
}

#[tokio::test]
async fn only_https_and_only_hosts_of_the_list_are_told() {
    for table in [
        "[webhooks]\nsecrets = [\"new\"]\nhosts = [\"*\"]\nprivate = [\"127.0.0.0/8\"]\n",
        "[webhooks]\nsecrets = [\"new\"]\nhosts = [\"example.com\"]\nprivate = [\"127.0.0.0/8\"]\nplain_http = true\n",
    ] {
        let (stand, receiver) = (Stand::with(table).await, Receiver::answering(&[]).await);
        let webhook = stand.told(&stand.call(Some(receiver.url())).await).await;
        assert_eq!((webhook.state, webhook.attempts), (State::Dead, 1), "{table}");
        assert!(receiver.told().is_empty());
    }
}

#[tokio::test]
async fn without_a_table_it_is_tried_until_it_is_dead_and_says_why() {
    let (stand, receiver) = (Stand::with("").await, Receiver::answering(&[]).await);
    let webhook = stand.told(&stand.call(Some(receiver.url())).await).await;
    assert_eq!((webhook.state, webhook.attempts), (State::Dead, 4));
    assert!(webhook.error.unwrap().contains("[webhooks]"));
    assert!(receiver.told().is_empty());
}
