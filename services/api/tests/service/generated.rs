//! The bytes of what jobs made, by plain HTTP.

use http::StatusCode;

use crate::{
    house::{House, OTHER},
    plain::{self, Answer},
    stand::SECRET,
};

const TEXT: &str = "Hello, world";

async fn send(house: &House, method: &str, path: &str, key: Option<&str>) -> Answer {
    let key = key.map(|secret| format!("Bearer {secret}"));
    let headers: Vec<_> = key.iter().map(|key| ("authorization", key.as_str())).collect();
    plain::send(house.address, method, path, &headers, "").await
}

#[tokio::test]
async fn the_owner_reads_with_what_a_browser_and_a_cache_want_to_know() {
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    let answer = house.get(&path, &[]).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, TEXT));
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-length", "12"),
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline; filename=\"text.txt\""),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert!(answer.header("last-modified").ends_with(" GMT") && answer.header("etag").starts_with('"'));
    assert!(answer.headers.contains_key("x-request-id"));

    let key = format!("Bearer {SECRET}");
    let by_http2 = plain::get_by_http2(house.address, &path, &[("authorization", &key)]).await;
    assert_eq!((by_http2.status, by_http2.text()), (StatusCode::OK, TEXT));
}

#[tokio::test]
async fn head_tells_the_same_without_the_bytes() {
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    let (got, told) = (house.get(&path, &[]).await, send(&house, "HEAD", &path, Some(SECRET)).await);
    assert_eq!((told.status, told.body.len()), (StatusCode::OK, 0));
    for name in ["content-type", "content-length", "etag", "last-modified", "cache-control"] {
        assert_eq!(told.header(name), got.header(name));
    }
    let refused = send(&house, "HEAD", "/generated/a/b", Some(SECRET)).await;
    assert_eq!((refused.status, refused.body.len()), (StatusCode::NOT_FOUND, 0));
}

#[tokio::test]
async fn a_reader_who_has_it_already_is_told_so() {
    let house = House::new().await;
    let path = house.done(true).await.artifacts[0].path.clone();
    let etag = house.get(&path, &[]).await.header("etag").to_owned();
    let answer = house.get(&path, &[("if-none-match", &etag)]).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(answer.header("etag"), etag);
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(house.get(&path, &[("if-none-match", "\"other\"")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_range_is_a_part_and_one_beyond_the_end_is_refused() {
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    for (range, text, place) in [
        ("bytes=0-4", "Hello", "bytes 0-4/12"),
        ("bytes=7-", "world", "bytes 7-11/12"),
        ("bytes=-5", "world", "bytes 7-11/12"),
        ("bytes=7-99", "world", "bytes 7-11/12"),
    ] {
        let answer = house.get(&path, &[("range", range)]).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::PARTIAL_CONTENT, text));
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), text.len().to_string());
    }
    for range in ["bytes=12-", "bytes=-0"] {
        let answer = house.get(&path, &[("range", range)]).await;
        assert_eq!(answer.refusal(), (416, "RANGE_NOT_SATISFIABLE".into()));
        assert_eq!(answer.header("content-range"), "bytes */12");
    }
    for range in ["bytes=0-1,3-4", "lines=0-1"] {
        assert_eq!(house.get(&path, &[("range", range)]).await.text(), TEXT, "{range}");
    }
    let etag = house.get(&path, &[]).await.header("etag").to_owned();
    let current = house.get(&path, &[("range", "bytes=0-4"), ("if-range", &etag)]).await;
    assert_eq!(current.status, StatusCode::PARTIAL_CONTENT);
    let other = house.get(&path, &[("range", "bytes=0-4"), ("if-range", "\"x\"")]).await;
    assert_eq!((other.status, other.text()), (StatusCode::OK, TEXT));
}

#[tokio::test]
async fn only_its_owner_reads_what_is_not_published_and_nobody_learns_that_it_is_there() {
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    let never = format!("/generated/{}/text.txt", "0".repeat(34));
    for path in [&path, &never] {
        let answer = send(&house, "GET", path, None).await;
        assert_eq!(answer.refusal(), (401, "UNAUTHENTICATED".into()));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let answer = send(&house, "GET", path, Some("wrong")).await;
        assert_eq!(answer.refusal(), (401, "UNAUTHENTICATED".into()));
        let answer = send(&house, "GET", path, Some(OTHER)).await;
        assert_eq!(answer.refusal(), (404, "ARTIFACT_NOT_FOUND".into()));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn anybody_reads_what_is_published() {
    let house = House::new().await;
    let path = house.done(true).await.artifacts[0].path.clone();
    for key in [None, Some(OTHER), Some(SECRET)] {
        let answer = send(&house, "GET", &path, key).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, TEXT), "{key:?}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    assert_eq!(send(&house, "GET", &path, Some("wrong")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_name_leads_elsewhere() {
    let house = House::new().await;
    let job = house.done(false).await;
    let id = job.name.strip_prefix("jobs/").unwrap();
    let fence = house.worker.shelf.manifest(id).await.unwrap().fence;
    std::fs::write(house.folder.path().join("secret"), "x").unwrap();
    for path in [
        format!("/generated/{id}/..%2f..%2fsecret"),
        format!("/generated/{id}/%2e%2e%2f%2e%2e%2fsecret"),
        format!("/generated/{id}/.."),
        format!("/generated/{id}/../../secret"),
        format!("/generated/{id}/manifest.json"),
        format!("/generated/{id}/{fence}"),
        format!("/generated/{id}/{fence}%2ftext.txt"),
        format!("/generated/{id}/{fence}/text.txt"),
        format!("/generated/{id}%2f{fence}/text.txt"),
        format!("/generated/{id}/text.txt%00"),
        format!("/generated/{id}/%ff"),
        format!("/generated/{id}/"),
        format!("/generated/{}/text.txt", id.to_uppercase()),
        format!("/generated//{id}/text.txt"),
        "/generated/..%2fsecret/x".into(),
        "/generated/%2e%2e/secret".into(),
        "/generated/.ondol/about".into(),
        "/generated//etc/passwd".into(),
        "/generated".into(),
        "/".into(),
    ] {
        let answer = house.get(&path, &[]).await;
        assert_eq!(answer.refusal().0, 404, "{path}");
    }
}

#[tokio::test]
async fn what_could_run_in_a_browser_is_saved_instead() {
    let house = House::new().await;
    let job = house.job().await;
    let made = [("a.html", "text/html", "<script>"), ("b.svg", "image/svg+xml", "<svg/>")];
    house.worker.finish(&made).await;
    let id = job.name.strip_prefix("jobs/").unwrap();
    for (name, content_type, _) in made {
        let answer = house.get(&format!("/generated/{id}/{name}"), &[]).await;
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        assert!(answer.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn a_folder_streams_though_a_redirect_was_asked_for() {
    let house = House::with(&["--artifacts", "redirect"]).await;
    let path = house.done(false).await.artifacts[0].path.clone();
    assert_eq!(house.get(&path, &[]).await.text(), TEXT);
}

#[tokio::test]
async fn damaged_bytes_are_an_error_and_no_answer() {
    let house = House::new().await;
    let job = house.done(true).await;
    let id = job.name.strip_prefix("jobs/").unwrap();
    let fence = house.worker.shelf.manifest(id).await.unwrap().fence;
    let place = house.folder.path().join(format!("generated/{id}/{fence}/text.txt"));
    let written = std::fs::metadata(&place).unwrap().modified().unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&place).unwrap();
    std::io::Write::write_all(&mut &file, b"jello").unwrap();
    file.set_modified(written).unwrap();
    // Small ones are looked at before the answer begins.
    let answer = house.get(&job.artifacts[0].path, &[]).await;
    assert_eq!(answer.refusal(), (500, "OBJECT_DAMAGED".into()));
}

#[tokio::test]
async fn damage_of_a_large_artifact_breaks_it_off() {
    let house = House::new().await;
    let job = house.job().await;
    let large: &'static str = "x".repeat(100 * 1024).leak();
    house.worker.finish(&[("text.txt", "text/plain", large)]).await;
    let id = job.name.strip_prefix("jobs/").unwrap();
    let fence = house.worker.shelf.manifest(id).await.unwrap().fence;
    let place = house.folder.path().join(format!("generated/{id}/{fence}/text.txt"));
    let written = std::fs::metadata(&place).unwrap().modified().unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&place).unwrap();
    std::io::Write::write_all(&mut &file, b"jello").unwrap();
    file.set_modified(written).unwrap();
    let key = format!("Bearer {SECRET}");
    let path = format!("/generated/{id}/text.txt");
    assert!(plain::breaks_off(house.address, &path, &[("authorization", &key)]).await);
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_not() {
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = send(&house, method, &path, Some(SECRET)).await;
        assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".into()), "{method}");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}
