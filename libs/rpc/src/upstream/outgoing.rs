//! Tells the peer who asks, and under which id.

use tonic::Status;

use crate::{
    grants::{GRANTS_HEADER, Grants},
    principal::{PRINCIPAL_HEADER, Principal},
    request_id::{REQUEST_ID_HEADER, RequestId},
    step::{Request, Response, Step},
};

/// Writes the id, the principal and the grants of the request's extensions into its headers.
#[derive(Clone)]
pub(crate) struct Introduce;

impl Step for Introduce {
    type Call = ();

    fn start(&self, request: &mut Request) -> Result<(), Status> {
        let (mut parts, body) = std::mem::take(request).into_parts();
        let id = parts.extensions.get_or_insert_with(RequestId::random);
        parts.headers.insert(REQUEST_ID_HEADER, id.header());
        // Only the extension speaks for the principal: a header that came along would be somebody's claim.
        parts.headers.remove(PRINCIPAL_HEADER);
        if let Some(principal) = parts.extensions.get::<Principal>() {
            parts.headers.insert(PRINCIPAL_HEADER, principal.header());
        }
        parts.headers.remove(GRANTS_HEADER);
        if let Some(grants) = parts.extensions.get::<Grants>() {
            parts.headers.insert(GRANTS_HEADER, grants.header());
        }
        *request = Request::from_parts(parts, body);
        Ok(())
    }

    async fn finish((): (), pending: impl Future<Output = Response> + Send + 'static) -> Response {
        pending.await
    }
}

#[cfg(test)]
mod tests {
    use super::{
        GRANTS_HEADER, Grants, Introduce, PRINCIPAL_HEADER, Principal, REQUEST_ID_HEADER, RequestId,
    };
    use crate::step::{Request, Step};

    #[test]
    fn the_peer_learns_id_principal_and_grants() {
        let mut request = Request::default();
        let id = RequestId::random();
        request.extensions_mut().insert(id.clone());
        request.extensions_mut().insert(Principal::new("team-a").unwrap());
        request.extensions_mut().insert(Grants::new("scopes=a").unwrap());
        Introduce.start(&mut request).unwrap();
        assert_eq!(request.headers()[REQUEST_ID_HEADER], id.as_str());
        assert_eq!(request.headers()[PRINCIPAL_HEADER], "team-a");
        assert_eq!(request.headers()[GRANTS_HEADER], "scopes=a");
    }

    #[test]
    fn a_call_without_context_gets_an_id_and_claims_nobody() {
        let mut request = Request::default();
        request.headers_mut().insert(PRINCIPAL_HEADER, "smuggled".parse().unwrap());
        request.headers_mut().insert(GRANTS_HEADER, "smuggled".parse().unwrap());
        Introduce.start(&mut request).unwrap();
        assert!(request.headers().contains_key(REQUEST_ID_HEADER));
        assert!(!request.headers().contains_key(PRINCIPAL_HEADER));
        assert!(!request.headers().contains_key(GRANTS_HEADER));
    }
}
