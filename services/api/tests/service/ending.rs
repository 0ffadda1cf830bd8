//! Jobs as they are listed, stopped, tried again and forgotten; and by whom.

use jobs::{Outcome, Pulse};
use proto::jobs::v1 as wire;
use tonic::{Code, Status};

use crate::{
    house::{House, OTHER, by, fields, text},
    stand::{SECRET, refusal},
};

#[tokio::test]
async fn a_list_has_the_callers_jobs_by_pages_newest_first() {
    let house = House::new().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(house.job().await.name);
    }
    house.jobs().create_job(by(OTHER, text("Once"))).await.unwrap();
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let list = wire::ListJobsRequest { page_size: 2, page_token, ..Default::default() };
        let page = house.jobs().list_jobs(by(SECRET, list)).await.unwrap().into_inner();
        assert!(page.jobs.len() <= 2 && page.jobs.iter().all(|job| job.work.is_none()));
        seen.extend(page.jobs.into_iter().map(|job| job.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    names.reverse();
    assert_eq!(seen, names);
}

#[tokio::test]
async fn a_place_in_one_list_is_none_in_another() {
    let house = House::new().await;
    for _ in 0..3 {
        house.job().await;
    }
    let first = wire::ListJobsRequest { page_size: 1, ..Default::default() };
    let token = house.jobs().list_jobs(by(SECRET, first)).await.unwrap().into_inner().next_page_token;
    let next = |kind: &str| wire::ListJobsRequest {
        page_size: 1,
        page_token: token.clone(),
        kind: kind.to_owned(),
        ..Default::default()
    };
    house.jobs().list_jobs(by(SECRET, next(""))).await.unwrap();
    for request in [by(OTHER, next("")), by(SECRET, next("batch"))] {
        let status = house.jobs().list_jobs(request).await.unwrap_err();
        assert_eq!(fields(&status), ["page_token"]);
    }
    let dead = wire::ListDeadJobsRequest { page_token: token, ..Default::default() };
    assert_eq!(fields(&house.jobs().list_dead_jobs(by(SECRET, dead)).await.unwrap_err()), ["page_token"]);
}

#[tokio::test]
async fn a_list_is_filtered_and_checked() {
    let house = House::new().await;
    house.done(false).await;
    house.job().await;
    let list = |state: wire::State, kind: &str| {
        let request = wire::ListJobsRequest { state: state.into(), kind: kind.into(), ..Default::default() };
        let mut jobs = house.jobs();
        async move { jobs.list_jobs(by(SECRET, request)).await.unwrap().into_inner().jobs }
    };
    let done = list(wire::State::Succeeded, "generate_text").await;
    assert_eq!((done.len(), done[0].artifacts.len()), (1, 1));
    assert_eq!(list(wire::State::Unspecified, "").await.len(), 2);
    assert_eq!(list(wire::State::Unspecified, "batch").await.len(), 0);
    let wrong = wire::ListJobsRequest { page_size: -1, state: 99, kind: "a b".into(), ..Default::default() };
    let status = house.jobs().list_jobs(by(SECRET, wrong)).await.unwrap_err();
    assert_eq!(fields(&status), ["page_size", "state", "kind"]);
    let wrong = wire::ListJobsRequest { page_token: "guessed".into(), ..Default::default() };
    let status = house.jobs().list_jobs(by(SECRET, wrong)).await.unwrap_err();
    assert_eq!(fields(&status), ["page_token"]);
}

#[tokio::test]
async fn a_job_that_waits_never_runs_once_it_is_cancelled_and_one_that_runs_is_told() {
    let house = House::new().await;
    let cancel = |job: &wire::Job| by(SECRET, wire::CancelJobRequest { name: job.name.clone() });
    let job = house.job().await;
    let cancelled = house.jobs().cancel_job(cancel(&job)).await.unwrap().into_inner();
    assert_eq!(cancelled.state(), wire::State::Cancelled);

    let job = house.job().await;
    let claimed = house.worker.claim().await;
    let asked = house.jobs().cancel_job(cancel(&job)).await.unwrap().into_inner();
    assert_eq!((asked.state(), asked.cancel_requested), (wire::State::Running, true));
    assert_eq!(house.worker.report(&claimed, 1).await, Pulse::Cancel);
    house.worker.end(claimed, Outcome::Cancelled).await;
    let ended = house.jobs().cancel_job(cancel(&job)).await.unwrap().into_inner();
    assert_eq!(ended.state(), wire::State::Cancelled);
}

#[tokio::test]
async fn a_dead_job_is_listed_and_tried_again() {
    let house = House::new().await;
    let job = house.job().await;
    let requeue = || by(SECRET, wire::RequeueJobRequest { name: job.name.clone() });
    let status = house.jobs().requeue_job(requeue()).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::FailedPrecondition, "JOB_WRONG_STATE".into()));
    house.worker.fail("the model is away").await;
    let list = || by(SECRET, wire::ListDeadJobsRequest::default());
    let dead = house.jobs().list_dead_jobs(list()).await.unwrap().into_inner().jobs;
    assert_eq!((dead.len(), dead[0].failure.as_str()), (1, "the model is away"));
    let again = house.jobs().requeue_job(requeue()).await.unwrap().into_inner();
    assert_eq!(again.state(), wire::State::Ready);
    assert!(house.jobs().list_dead_jobs(list()).await.unwrap().into_inner().jobs.is_empty());
    house.worker.finish(&[]).await;
    let get = by(SECRET, wire::GetJobRequest { name: job.name.clone() });
    let done = house.jobs().get_job(get).await.unwrap().into_inner();
    assert_eq!((done.state(), done.failure.as_str()), (wire::State::Succeeded, ""));
}

#[tokio::test]
async fn a_job_that_has_ended_is_forgotten_and_its_artifacts_stay() {
    let house = House::new().await;
    let job = house.job().await;
    let delete = || by(SECRET, wire::DeleteJobRequest { name: job.name.clone() });
    let status = house.jobs().delete_job(delete()).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::FailedPrecondition, "JOB_WRONG_STATE".into()));
    // Its manifest was never published: the record that is forgotten is the last that knows.
    house.worker.finish_and_die(&[("text.txt", "text/plain", "Hello")]).await;
    house.jobs().delete_job(delete()).await.unwrap();
    let status = house.jobs().delete_job(delete()).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::NotFound, "JOB_NOT_FOUND".into()));
    let id = job.name.strip_prefix("jobs/").unwrap();
    assert_eq!(house.get(&format!("/generated/{id}/text.txt"), &[]).await.text(), "Hello");
}

/// The answer of every call about one job.
async fn about(house: &House, secret: &str, name: &str) -> Vec<Status> {
    let (mut jobs, name) = (house.jobs(), || name.to_owned());
    vec![
        jobs.get_job(by(secret, wire::GetJobRequest { name: name() })).await.unwrap_err(),
        jobs.cancel_job(by(secret, wire::CancelJobRequest { name: name() })).await.unwrap_err(),
        jobs.requeue_job(by(secret, wire::RequeueJobRequest { name: name() })).await.unwrap_err(),
        jobs.delete_job(by(secret, wire::DeleteJobRequest { name: name() })).await.unwrap_err(),
        jobs.watch_job(by(secret, wire::WatchJobRequest { name: name(), after: 0 })).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn somebody_elses_job_is_one_that_never_was() {
    let house = House::new().await;
    let job = house.job().await;
    let never = format!("jobs/{}", "0".repeat(34));
    for (theirs, none) in about(&house, OTHER, &job.name).await.iter().zip(about(&house, OTHER, &never).await)
    {
        assert_eq!(refusal(theirs), (Code::NotFound, "JOB_NOT_FOUND".into()));
        assert_eq!(refusal(theirs), refusal(&none));
        let id = |name: &str| name.strip_prefix("jobs/").unwrap().to_owned();
        assert_eq!(theirs.message(), none.message().replace(&id(&never), &id(&job.name)));
    }
    let list = by(OTHER, wire::ListJobsRequest::default());
    assert!(house.jobs().list_jobs(list).await.unwrap().into_inner().jobs.is_empty());
    for status in about(&house, SECRET, "jobs/../x").await {
        assert_eq!(fields(&status), ["name"]);
    }
}
