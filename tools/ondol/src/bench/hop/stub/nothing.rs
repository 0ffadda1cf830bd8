//! Any gRPC method, answered with an empty message, which means "taken" to a sender of traces and "let in" to a proxy.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;

/// A message that is not compressed, of no bytes.
const EMPTY: &[u8] = &[0; 5];

/// Reads the request to its end, as a server does, and answers.
pub(super) async fn answer(request: Body) -> Response<Body> {
    let _ = request.collect().await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from_static(EMPTY)).with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tonic::body::Body;

    use super::answer;

    #[tokio::test]
    async fn an_empty_message_and_a_good_status() {
        let body = answer(Body::empty()).await.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.to_bytes().as_ref(), [0; 5]);
    }
}
