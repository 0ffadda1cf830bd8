//! A store that signs URLs: bytes go there and come from there without passing api.

use std::sync::Arc;

use api::Backends;
use jobs::{MemoryQueue, Policies, Queue};
use objects::{Objects, S3, S3Settings};
use proto::{
    artifacts::v1::{
        CreateDownloadUrlRequest, CreateUploadUrlRequest, artifact_service_client::ArtifactServiceClient,
    },
    jobs::v1::{CreateJobRequest, Job, job_service_client::JobServiceClient},
};
use runtime::Life;
use testkit::S3Server;
use tonic::transport::Channel;

use crate::{
    house::{by, channel, serve, text},
    plain::{self, Answer},
    stand::{OWNER, SECRET},
    worker::Worker,
};

const TEXT: &str = "Hello, world";

/// Api on an S3, and a job of its owner that was done.
struct House {
    server: S3Server,
    address: std::net::SocketAddr,
    job: Job,
    _life: Life,
}

async fn house(flags: &[&str]) -> House {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    let mut settings = S3Settings::new("bucket");
    settings.endpoint = Some(server.endpoint());
    settings.credentials = Some((S3Server::ACCESS_KEY.to_owned(), S3Server::SECRET.to_owned()));
    runtime::install_crypto_provider();
    let objects: Arc<dyn Objects> = Arc::new(S3::open(settings).await.unwrap());
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::new(Policies::default()));
    let worker = Worker::new(Arc::clone(&queue), Arc::clone(&objects));
    let life = Life::new();
    let backends = Backends { queue: Some(queue), objects: Some(objects), ..Backends::default() };
    let address = serve(&backends, flags, &life);
    let mut jobs: JobServiceClient<Channel> = JobServiceClient::new(channel(address));
    let request: CreateJobRequest = text("Once");
    let job = jobs.create_job(by(SECRET, request)).await.unwrap().into_inner();
    worker.finish(&[("text.txt", "text/plain", TEXT)]).await;
    House { server, address, job, _life: life }
}

impl House {
    fn path(&self) -> String {
        format!("/generated/{}/text.txt", self.job.name.strip_prefix("jobs/").unwrap())
    }

    async fn get(&self, method: &str, headers: &[(&str, &str)]) -> Answer {
        let key = format!("Bearer {SECRET}");
        let headers = [&[("authorization", key.as_str())], headers].concat();
        plain::send(self.address, method, &self.path(), &headers, "").await
    }

    /// A request to the store itself, by somebody who knows nothing but the URL.
    async fn at(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        assert!(self.server.endpoint().ends_with(host), "{url}");
        let address = tokio::net::lookup_host(host).await.unwrap().next().unwrap();
        plain::send_to(address, host, (method, &format!("/{path}")), headers, body).await
    }
}

#[tokio::test]
async fn a_redirect_leads_to_the_bytes_for_whoever_may_read_them() {
    let house = house(&["--artifacts", "redirect"]).await;
    let answer = house.get("GET", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (307, "private, no-store"));
    assert_eq!(house.at("GET", answer.header("location"), &[], "").await.text(), TEXT);
    let etag = house.get("HEAD", &[]).await.header("etag").to_owned();
    assert_eq!(house.get("GET", &[("if-none-match", &etag)]).await.status.as_u16(), 304);
    assert_eq!(plain::send(house.address, "GET", &house.path(), &[], "").await.status.as_u16(), 401);
}

#[tokio::test]
async fn s3_is_streamed_unless_a_redirect_is_asked_for() {
    let house = house(&[]).await;
    let answer = house.get("GET", &[("range", "bytes=7-")]).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (206, "world"));
    assert_eq!(answer.header("content-range"), "bytes 7-11/12");
}

#[tokio::test]
async fn uploads_and_downloads_have_urls_of_their_own() {
    let house = house(&[]).await;
    let mut artifacts = ArtifactServiceClient::new(channel(house.address));
    let request = CreateUploadUrlRequest { content_type: "application/jsonl".into() };
    let place = artifacts.create_upload_url(by(SECRET, request)).await.unwrap().into_inner();
    assert!(place.expire_time.is_some());
    let headers = place.headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length");
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(house.at("PUT", &place.url, &headers, "{}\n").await.status.is_success());
    let id = place.upload.strip_prefix("uploads/").unwrap();
    let stored = house.server.root().join("bucket/uploads").join(OWNER).join(id);
    assert_eq!(std::fs::read_to_string(stored).unwrap(), "{}\n");

    let name = format!("{}/artifacts/text.txt", house.job.name);
    let request = CreateDownloadUrlRequest { name, valid_for: None };
    let url = artifacts.create_download_url(by(SECRET, request)).await.unwrap().into_inner().url;
    assert_eq!(house.at("GET", &url, &[], "").await.text(), TEXT);
}
