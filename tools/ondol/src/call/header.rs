//! Headers that a user gives.

use http::{HeaderMap, HeaderName, HeaderValue};
use rpc::{GRANTS_HEADER, Grants, PRINCIPAL_HEADER, Principal, REQUEST_ID_HEADER, RequestId};
use tonic::{Extensions, Request, metadata::MetadataMap};

/// A header of a call.
#[derive(Clone, Debug)]
pub(super) enum Header {
    Plain(HeaderName, HeaderValue),
    // These three our client writes itself, from what it is given with the call.
    RequestId(RequestId),
    Principal(Principal),
    Grants(Grants),
}

/// Reads NAME:VALUE; for clap's `value_parser`. A name that ends with `-bin` has base64 as its value.
pub(super) fn parse(text: &str) -> Result<Header, String> {
    let (name, text) = text.split_once(':').ok_or("expected NAME:VALUE, such as x-request-id:try-1")?;
    let name: HeaderName =
        name.trim().parse().map_err(|_wrong| format!("{name:?} is not the name of a header"))?;
    if let Some(advice) = advice(&name) {
        return Err(format!("{name} is not given here: {advice}"));
    }
    header(name.clone(), text.trim()).ok_or_else(|| format!("{name} cannot have this value"))
}

fn header(name: HeaderName, text: &str) -> Option<Header> {
    let value = HeaderValue::from_str(text).ok()?;
    match name {
        name if name == REQUEST_ID_HEADER => RequestId::accept(&value).map(Header::RequestId),
        name if name == PRINCIPAL_HEADER => Principal::new(text).ok().map(Header::Principal),
        name if name == GRANTS_HEADER => Grants::new(text).ok().map(Header::Grants),
        name => Some(Header::Plain(name, value)),
    }
}

/// A request with these headers.
pub(super) fn request<M>(message: M, headers: &[Header]) -> Request<M> {
    let (mut map, mut extensions) = (HeaderMap::new(), Extensions::new());
    for header in headers {
        match header.clone() {
            Header::Plain(name, value) => drop(map.append(name, value)),
            Header::RequestId(id) => drop(extensions.insert(id)),
            Header::Principal(principal) => drop(extensions.insert(principal)),
            Header::Grants(grants) => drop(extensions.insert(grants)),
        }
    }
    Request::from_parts(MetadataMap::from_headers(map), extensions, message)
}

/// What to do instead of giving a header that says something else than the rest of the call.
fn advice(name: &HeaderName) -> Option<&'static str> {
    match name.as_str() {
        "authorization" => Some("--api-key gives the key"),
        "grpc-timeout" => Some("--deadline says how long the call may take"),
        "content-type" | "te" | "host" | "connection" | "content-length" | "transfer-encoding" => {
            Some("gRPC writes it")
        }
        name if name.starts_with("grpc-") => Some("gRPC writes it"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rpc::{Principal, RequestId};

    use super::{parse, request};

    #[test]
    fn headers_go_with_the_call() {
        let given =
            ["X-Team: a:b", "x-team:c", "x-request-id:try-1", "x-ondol-principal:team-a", "t-bin:AAE"];
        let request = request((), &given.map(|text| parse(text).unwrap()));
        let headers = request.metadata().clone().into_headers();
        let teams: Vec<_> = headers.get_all("x-team").iter().map(|team| team.to_str().unwrap()).collect();
        assert_eq!((teams, headers["t-bin"].to_str().unwrap()), (vec!["a:b", "c"], "AAE"));
        assert_eq!(request.extensions().get::<RequestId>().unwrap().as_str(), "try-1");
        assert!(request.extensions().get::<Principal>().is_some());
    }

    #[test]
    fn what_the_call_says_otherwise_is_no_header() {
        for (text, word) in [
            ("authorization: Bearer x", "--api-key"),
            ("grpc-timeout:1S", "--deadline"),
            ("grpc-encoding:gzip", "gRPC writes it"),
            ("content-type:x", "gRPC writes it"),
            ("x-team", "NAME:VALUE"),
            ("a b:c", "not the name"),
            ("a:b\u{7}c", "cannot have this value"),
            ("x-request-id:a b", "cannot have this value"),
            ("x-ondol-principal:", "cannot have this value"),
        ] {
            assert!(parse(text).unwrap_err().contains(word), "{text}");
        }
    }
}
