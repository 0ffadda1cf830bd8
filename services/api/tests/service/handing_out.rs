//! What jobs made, by gRPC.

use proto::artifacts::v1 as wire;
use proto::jobs::v1::GetJobRequest;
use tonic::{Code, Status};

use crate::{
    house::{House, OTHER, by, channel, fields, serve},
    stand::{SECRET, refusal},
};

const MADE: [(&str, &str, &str); 2] =
    [("answer.json", "application/json", "{}"), ("text.txt", "text/plain", "Hello")];

#[tokio::test]
async fn what_a_job_made_is_listed_and_described() {
    let house = House::new().await;
    let job = house.job().await;
    house.worker.finish(&MADE).await;
    let list = wire::ListArtifactsRequest { parent: job.name.clone() };
    let listed = house.artifacts().list_artifacts(by(SECRET, list)).await.unwrap().into_inner().artifacts;
    let names: Vec<_> = listed.iter().map(|artifact| artifact.name.clone()).collect();
    let name = |text: &str| format!("{}/artifacts/{text}", job.name);
    assert_eq!(names, [name("answer.json"), name("text.txt")]);
    let get = wire::GetArtifactRequest { name: name("text.txt") };
    let artifact = house.artifacts().get_artifact(by(SECRET, get)).await.unwrap().into_inner();
    assert_eq!(artifact, listed[1]);
    assert_eq!((artifact.content_type.as_str(), artifact.size_bytes), ("text/plain", 5));
    assert!(artifact.create_time.is_some() && !artifact.etag.is_empty());
    assert_eq!(house.get(&artifact.path, &[]).await.text(), "Hello");
}

#[tokio::test]
async fn a_job_whose_worker_died_before_it_published_is_healed_by_whoever_looks() {
    for look in 0..3 {
        let house = House::new().await;
        let job = house.job().await;
        house.worker.finish_and_die(&MADE).await;
        let id = job.name.strip_prefix("jobs/").unwrap();
        match look {
            0 => {
                let get = GetJobRequest { name: job.name.clone() };
                let job = house.jobs().get_job(by(SECRET, get)).await.unwrap().into_inner();
                assert_eq!(job.artifacts.len(), 2);
            }
            1 => {
                let list = wire::ListArtifactsRequest { parent: job.name.clone() };
                house.artifacts().list_artifacts(by(SECRET, list)).await.unwrap();
            }
            _ => assert_eq!(house.get(&format!("/generated/{id}/text.txt"), &[]).await.text(), "Hello"),
        }
        assert_eq!(house.worker.shelf.manifest(id).await.unwrap().artifacts.len(), 2, "{look}");
    }
}

#[tokio::test]
async fn what_is_removed_is_gone_everywhere() {
    let house = House::new().await;
    let job = house.done(false).await;
    let name = job.artifacts[0].name.clone();
    for _ in 0..2 {
        let delete = wire::DeleteArtifactRequest { name: name.clone() };
        house.artifacts().delete_artifact(by(SECRET, delete)).await.unwrap();
    }
    let get = wire::GetArtifactRequest { name };
    let status = house.artifacts().get_artifact(by(SECRET, get)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::NotFound, "ARTIFACT_NOT_FOUND".into()));
    assert_eq!(house.get(&job.artifacts[0].path, &[]).await.refusal(), (404, "ARTIFACT_NOT_FOUND".into()));
    let get = GetJobRequest { name: job.name };
    assert!(house.jobs().get_job(by(SECRET, get)).await.unwrap().into_inner().artifacts.is_empty());
}

/// What somebody else is told by every call about an artifact of this job.
async fn told(house: &House, parent: String) -> Vec<Status> {
    let (mut artifacts, name) = (house.artifacts(), format!("{parent}/artifacts/text.txt"));
    let get = wire::GetArtifactRequest { name: name.clone() };
    let delete = wire::DeleteArtifactRequest { name: name.clone() };
    let url = wire::CreateDownloadUrlRequest { name, valid_for: None };
    vec![
        artifacts.list_artifacts(by(OTHER, wire::ListArtifactsRequest { parent })).await.unwrap_err(),
        artifacts.get_artifact(by(OTHER, get)).await.unwrap_err(),
        artifacts.delete_artifact(by(OTHER, delete)).await.unwrap_err(),
        artifacts.create_download_url(by(OTHER, url)).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn somebody_elses_artifact_is_one_that_never_was_published_or_not() {
    let house = House::new().await;
    let (own, published) = (house.done(false).await.name, house.done(true).await.name);
    for parent in [own, published, format!("jobs/{}", "0".repeat(34))] {
        for status in told(&house, parent).await {
            assert_eq!(refusal(&status), (Code::NotFound, "ARTIFACT_NOT_FOUND".into()));
        }
    }
}

#[tokio::test]
async fn a_folder_signs_nothing_and_wrong_requests_are_named() {
    let house = House::new().await;
    let job = house.done(false).await;
    let url = |name: &str, seconds| {
        let valid_for = Some(prost_types::Duration { seconds, nanos: 0 });
        by(SECRET, wire::CreateDownloadUrlRequest { name: name.into(), valid_for })
    };
    let name = &job.artifacts[0].name;
    let status = house.artifacts().create_download_url(url(name, 60)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let status = house.artifacts().create_download_url(url(name, 0)).await.unwrap_err();
    assert_eq!(fields(&status), ["valid_for"]);
    let status = house.artifacts().create_download_url(url("text.txt", 60)).await.unwrap_err();
    assert_eq!(fields(&status), ["name"]);
    let upload = wire::CreateUploadUrlRequest { content_type: "text/plain\n".into() };
    let status = house.artifacts().create_upload_url(by(SECRET, upload)).await.unwrap_err();
    assert_eq!(fields(&status), ["content_type"]);
}

#[tokio::test]
async fn without_a_queue_and_a_store_the_services_say_so() {
    let life = runtime::Life::new();
    let address = serve(&api::Backends::default(), &[], &life);
    let mut jobs = proto::jobs::v1::job_service_client::JobServiceClient::new(channel(address));
    let get = GetJobRequest { name: format!("jobs/{}", "0".repeat(34)) };
    let status = jobs.get_job(by(SECRET, get)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unimplemented, "NO_QUEUE".into()));
    assert!(status.message().contains("--redis-url"));
    let mut artifacts = wire::artifact_service_client::ArtifactServiceClient::new(channel(address));
    let upload = wire::CreateUploadUrlRequest::default();
    let status = artifacts.create_upload_url(by(SECRET, upload)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unimplemented, "NO_OBJECT_STORE".into()));
    let key = format!("Bearer {SECRET}");
    let answer = crate::plain::send(address, "GET", "/generated/a/b", &[("authorization", &key)], "").await;
    assert_eq!(answer.refusal(), (501, "NO_OBJECT_STORE".into()));
}
