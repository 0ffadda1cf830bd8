//! Jobs whose ends are to be told.

use jobs::{Filter, Name, Queue};
use proto::jobs::v1::{self as wire, Webhook};
use tonic::Code;

use crate::{
    house::{House, by, fields, text},
    stand::{OWNER, SECRET, refusal},
};

fn told(url: &str) -> wire::CreateJobRequest {
    let mut request = text("Once");
    request.job.get_or_insert_default().webhook = Some(Webhook { url: url.to_owned() });
    request
}

#[tokio::test]
async fn where_the_end_is_told_is_shown_and_follows_in_the_owners_name_without_its_grants() {
    let house = House::new().await;
    let made =
        house.jobs().create_job(by(SECRET, told("https://example.com/hooks"))).await.unwrap().into_inner();
    assert_eq!(made.webhook.as_ref().unwrap().url, "https://example.com/hooks");
    let cancel = wire::CancelJobRequest { name: made.name.clone() };
    house.jobs().cancel_job(by(SECRET, cancel)).await.unwrap();

    let kind = Some(Name::new("kind", "webhook").unwrap());
    let listed = house.queue.list(&Filter { kind, ..Filter::default() }, 10, None).await.unwrap().jobs;
    let following = house.queue.get(listed[0].id).await.unwrap();
    assert_eq!(following.headers["x-ondol-principal"], OWNER);
    assert!(!following.headers.contains_key("x-ondol-grants"));

    let list = async |kind: &str| {
        let request = wire::ListJobsRequest { kind: kind.to_owned(), ..Default::default() };
        house.jobs().list_jobs(by(SECRET, request)).await.unwrap().into_inner().jobs
    };
    assert_eq!(list("").await.iter().map(|job| &job.name).collect::<Vec<_>>(), [&made.name]);
    let webhooks = list("webhook").await;
    assert_eq!((webhooks.len(), &webhooks[0].origin, &webhooks[0].webhook), (1, &made.name, &None));
}

#[tokio::test]
async fn a_url_that_is_none_is_named() {
    let house = House::new().await;
    for wrong in ["", "example.com", "https://user:hush@example.com/"] {
        let status = house.jobs().create_job(by(SECRET, told(wrong))).await.unwrap_err();
        assert_eq!(fields(&status), ["job.webhook.url"], "{wrong}");
    }
}

#[tokio::test]
async fn the_same_id_with_another_url_is_another_job() {
    let house = House::new().await;
    let with_id = |url: &str| wire::CreateJobRequest { request_id: "r-1".into(), ..told(url) };
    let create = async |url: &str| house.jobs().create_job(by(SECRET, with_id(url))).await;
    let first = create("https://example.com/a").await.unwrap().into_inner();
    assert_eq!(create("https://example.com/a").await.unwrap().into_inner().name, first.name);
    let status = create("https://example.com/b").await.unwrap_err();
    assert_eq!(refusal(&status), (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".into()));
}
