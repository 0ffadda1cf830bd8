//! What speaks neither gRPC nor the paths of plain HTTP.

use crate::{house::House, plain, stand::SECRET};

const METHOD: &str = "/ondol.inference.v1.InferenceService/ListModels";

#[tokio::test]
async fn the_methods_of_grpc_want_grpc_over_http_2() {
    let house = House::new().await;
    let key = format!("Bearer {SECRET}");
    let send = async |method: &str, path: &str, content_type: &str| {
        let headers = [("authorization", key.as_str()), ("content-type", content_type)];
        plain::send(house.address, method, path, &headers, "\0\0\0\0\0").await.refusal()
    };
    for path in [METHOD, "/grpc.health.v1.Health/Check"] {
        assert_eq!(send("POST", path, "application/grpc").await, (505, "UNSUPPORTED_HTTP_VERSION".into()));
        assert_eq!(send("POST", path, "text/plain").await, (415, "UNSUPPORTED_CONTENT_TYPE".into()));
    }
    let housekeeping = send("POST", "/grpc.health.v1.Health/Check", "application/json").await;
    assert_eq!(housekeeping, (415, "UNSUPPORTED_CONTENT_TYPE".into()), "only our own services speak JSON");
    assert_eq!(send("GET", "/nothing.here", "text/plain").await, (404, "NOT_FOUND".into()));
    let by_http2 = plain::get_by_http2(house.address, METHOD, &[("authorization", &key)]).await;
    assert_eq!(by_http2.refusal(), (405, "METHOD_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let house = House::full().await;
    let answer = house.get("/generated/a/b", &[]).await;
    assert_eq!(answer.refusal(), (429, "SERVER_OVERLOADED".into()));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn calls_are_logged_and_counted_by_the_pattern_of_their_path() {
    let logs = testkit::capture_logs();
    let house = House::new().await;
    let path = house.done(false).await.artifacts[0].path.clone();
    house.get(&path, &[]).await;
    house.get("/generated/secret/words", &[]).await;
    let lines = logs.lines_with(&["call ended", "GET /generated/{job}/{artifact}"]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("\"status\":\"OK\"") && lines[0].contains("laptop"), "{lines:?}");
    assert!(lines[1].contains("\"status\":\"NOT_FOUND\"") && !lines[1].contains("words"), "{lines:?}");
}
