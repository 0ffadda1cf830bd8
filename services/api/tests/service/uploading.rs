//! The input of jobs, on its way in.

use std::path::PathBuf;

use futures::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use hyper_util::rt::TokioIo;
use proto::{
    artifacts::v1::CreateUploadUrlRequest,
    jobs::v1::{self as wire, job::Work},
};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    house::{House, OTHER, by},
    plain::{self, Answer},
    stand::{OWNER, SECRET},
};

/// A new upload: its name.
async fn upload(house: &House) -> String {
    let request = CreateUploadUrlRequest { content_type: "application/jsonl".into() };
    let place = house.artifacts().create_upload_url(by(SECRET, request)).await.unwrap().into_inner();
    assert_eq!(place.url, format!("/{}", place.upload));
    assert_eq!(place.headers["content-type"], "application/jsonl");
    assert!(place.expire_time.is_none());
    place.upload
}

async fn put(house: &House, name: &str, secret: &str, bytes: &'static str) -> Answer {
    let key = format!("Bearer {secret}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/jsonl")];
    plain::send(house.address, "PUT", &format!("/{name}"), &headers, bytes).await
}

fn place(house: &House, owner: &str, name: &str) -> PathBuf {
    house.folder.path().join(name.replace("uploads/", &format!("uploads/{owner}/")))
}

/// Sends a body of unknown length in pieces; `Err` breaks the connection off.
async fn put_pieces(
    house: &House,
    name: &str,
    pieces: Vec<Result<&'static str, &'static str>>,
) -> Option<u16> {
    let body = stream::iter(pieces).then(|piece| async move {
        tokio::task::yield_now().await;
        piece.map(|piece| Frame::data(Bytes::from_static(piece.as_bytes()))).map_err(std::io::Error::other)
    });
    let request = http::Request::put(format!("/{name}")).header("host", "api");
    let request = request.header("authorization", format!("Bearer {SECRET}"));
    let request = request.body(StreamBody::new(Box::pin(body))).unwrap();
    let io = TokioIo::new(TcpStream::connect(house.address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    Some(sender.send_request(request).await.ok()?.status().as_u16())
}

#[tokio::test]
async fn an_upload_is_what_a_batch_is_given() {
    let house = House::new().await;
    let name = upload(&house).await;
    let answer = put(&house, &name, SECRET, "{}\n").await;
    assert_eq!(answer.status.as_u16(), 201);
    assert!(answer.header("etag").starts_with('"'));
    assert_eq!(std::fs::read_to_string(place(&house, OWNER, &name)).unwrap(), "{}\n");
    let work = Work::Batch(wire::BatchWork { input: name, ..wire::BatchWork::default() });
    let job = Some(wire::Job { work: Some(work), ..wire::Job::default() });
    let request = wire::CreateJobRequest { job, ..wire::CreateJobRequest::default() };
    let job = house.jobs().create_job(by(SECRET, request)).await.unwrap().into_inner();
    assert_eq!(job.kind, "batch");
}

#[tokio::test]
async fn an_upload_is_written_once() {
    let house = House::new().await;
    let name = upload(&house).await;
    assert_eq!(put(&house, &name, SECRET, "first").await.status.as_u16(), 201);
    assert_eq!(put(&house, &name, SECRET, "second").await.refusal(), (409, "UPLOAD_TAKEN".into()));
    assert_eq!(std::fs::read_to_string(place(&house, OWNER, &name)).unwrap(), "first");
    // Whoever guesses another's name has one of their own.
    assert_eq!(put(&house, &name, OTHER, "theirs").await.status.as_u16(), 201);
    assert_eq!(std::fs::read_to_string(place(&house, OWNER, &name)).unwrap(), "first");
}

#[tokio::test]
async fn of_two_at_once_one_wins() {
    let house = House::new().await;
    let name = upload(&house).await;
    let (one, two) = tokio::join!(put(&house, &name, SECRET, "one"), put(&house, &name, SECRET, "two"));
    let mut both = [one.status.as_u16(), two.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [201, 409]);
}

#[tokio::test]
async fn an_upload_in_pieces_comes_whole() {
    let house = House::new().await;
    let name = upload(&house).await;
    assert_eq!(put_pieces(&house, &name, vec![Ok("one,"), Ok("two")]).await, Some(201));
    assert_eq!(std::fs::read_to_string(place(&house, OWNER, &name)).unwrap(), "one,two");
}

#[tokio::test]
async fn an_upload_that_is_too_large_or_breaks_off_leaves_nothing() {
    let house = House::with(&["--max-upload-bytes", "6"]).await;
    let name = upload(&house).await;
    assert_eq!(put(&house, &name, SECRET, "1234567").await.refusal(), (413, "UPLOAD_TOO_LARGE".into()));
    let told = put_pieces(&house, &name, vec![Ok("1234"), Ok("567")]).await;
    assert_eq!(told, Some(413));
    put_pieces(&house, &name, vec![Ok("123"), Err("gone")]).await;
    assert!(!place(&house, OWNER, &name).exists());
    assert_eq!(put(&house, &name, SECRET, "123456").await.status.as_u16(), 201);
}

#[tokio::test]
async fn nobody_uploads_without_a_key_or_elsewhere() {
    let house = House::new().await;
    let name = upload(&house).await;
    let answer = plain::send(house.address, "PUT", &format!("/{name}"), &[], "x").await;
    assert_eq!(answer.refusal(), (401, "UNAUTHENTICATED".into()));
    for name in ["uploads/x", "uploads/..%2fx", "uploads/%2e%2e", "uploads/%ff", "uploads/A"] {
        assert_eq!(
            put(&house, name, SECRET, "x").await.refusal(),
            (400, "INVALID_ARGUMENT".into()),
            "{name}"
        );
    }
    assert_eq!(put(&house, "uploads/a/b", SECRET, "x").await.refusal().0, 404);
    let answer = house.get(&format!("/{name}"), &[]).await;
    assert_eq!((answer.refusal().0, answer.header("allow")), (405, "PUT"));
}
