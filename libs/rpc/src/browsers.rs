//! Browsers: gRPC-Web, and which pages may call.
//!
//! Both stand in front of the column, which sees gRPC over HTTP/2 whatever the browser spoke.

use std::time::Duration;

use clap::Args;
use http::{
    HeaderName, HeaderValue, Method, Version,
    header::{CONTENT_TYPE, ETAG, ORIGIN, RETRY_AFTER},
};
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, util::MapRequest};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{REQUEST_ID_HEADER, RpcError, fork::ForkLayer, step::Request};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Headers of answers that pages may read.
const SHOWN: [&str; 13] = [
    "accept-ranges",
    "content-disposition",
    "content-range",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "x-ondol-release",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];

/// Which pages may call from a browser.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Browsers")]
pub struct BrowserArguments {
    /// An origin whose pages may call, such as `https://app.example.com`, repeatable; `*` for all of them. Keys are
    /// sent by the page itself, never by the browser: cookies are not taken [default: none]
    #[arg(long, env = "ONDOL_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<String>,
}

impl BrowserArguments {
    /// What browsers are answered; `None` where no page may call.
    pub(crate) fn layer(&self) -> Result<Option<CorsLayer>, RpcError> {
        if self.cors_origin.is_empty() {
            return Ok(None);
        }
        let origins = if self.cors_origin.iter().any(|origin| origin == "*") {
            AllowOrigin::any()
        } else {
            let origins: Result<Vec<_>, _> = self.cors_origin.iter().map(|text| origin(text)).collect();
            AllowOrigin::list(origins?)
        };
        let shown = SHOWN.map(HeaderName::from_static);
        let shown = shown.into_iter().chain([ETAG, RETRY_AFTER, REQUEST_ID_HEADER]).collect::<Vec<_>>();
        let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE];
        Ok(Some(
            CorsLayer::new()
                .allow_origin(origins)
                .allow_methods(methods)
                // Without cookies nothing rides along that a page did not send itself, and clients send headers of
                // their own.
                .allow_headers(AllowHeaders::mirror_request())
                .expose_headers(shown)
                .max_age(REMEMBERED),
        ))
    }
}

/// An origin as browsers send it: a scheme and a host, and nothing behind.
fn origin(text: &str) -> Result<HeaderValue, RpcError> {
    let uri = text.parse::<http::Uri>().ok().filter(|uri| {
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        web && uri.authority().is_some_and(|host| !host.as_str().contains('@')) && uri.path() == "/"
    });
    let whole = uri.is_some() && !text.ends_with('/') && !text.contains(['?', '#']);
    let value = HeaderValue::from_str(&text.to_ascii_lowercase()).ok().filter(|_| whole);
    value.ok_or_else(|| {
        let expected = "--cors-origin takes origins such as https://app.example.com, without a path, or *";
        RpcError::Settings(format!("{expected}; got {text:?}"))
    })
}

/// Answers browsers' questions, where there are pages that may call.
pub(crate) fn cors(layer: Option<CorsLayer>) -> ForkLayer<CorsLayer> {
    let when = if layer.is_some() { from_a_page } else { never };
    ForkLayer { when, layer: layer.unwrap_or_default() }
}

fn from_a_page(request: &Request) -> bool {
    request.headers().contains_key(ORIGIN)
}

fn never(_: &Request) -> bool {
    false
}

/// Makes gRPC of gRPC-Web, and passes the rest.
pub(crate) fn grpc_web() -> ForkLayer<WebLayer> {
    ForkLayer { when: is_grpc_web, layer: WebLayer }
}

#[derive(Clone)]
pub(crate) struct WebLayer;

impl<S> Layer<S> for WebLayer {
    type Service = MapRequest<GrpcWebService<S>, fn(Request) -> Request>;

    fn layer(&self, inner: S) -> Self::Service {
        MapRequest::new(GrpcWebLayer::new().layer(inner), over_http2)
    }
}

fn is_grpc_web(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    request.method() == Method::POST
        && content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc-web"))
}

/// It arrives in one piece and leaves with its trailers in the body, so HTTP/1 will do.
fn over_http2(mut request: Request) -> Request {
    *request.version_mut() = Version::HTTP_2;
    request
}

#[cfg(test)]
mod tests {
    use super::BrowserArguments;

    fn layer(origins: &[&str]) -> Result<bool, String> {
        let cors_origin = origins.iter().map(ToString::to_string).collect();
        let made = BrowserArguments { cors_origin }.layer();
        made.map(|layer| layer.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn origins_are_origins() {
        assert_eq!(layer(&[]), Ok(false));
        for right in ["https://app.example.com", "http://localhost:5173", "*"] {
            assert_eq!(layer(&[right]), Ok(true), "{right}");
        }
        for wrong in [
            "app.example.com",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "ftp://a",
            "null",
            "https://u@a",
            "",
            "*.a.com",
        ] {
            let said = layer(&[wrong]).unwrap_err();
            assert!(said.contains("--cors-origin"), "{wrong}: {said}");
        }
    }
}
