//! What one call hands to the calls that it makes.

use std::collections::{BTreeMap, HashMap};

use http::{Extensions, HeaderName, HeaderValue};
use telemetry::trace::{continue_from, propagate};
use tracing::Span;

use crate::{Deadline, GRANTS_HEADER, Grants, PRINCIPAL_HEADER, Principal, REQUEST_ID_HEADER, RequestId};

/// The parts of a call that outlive it: in whose name, under which id and until when.
#[derive(Clone, Debug, Default)]
pub struct CallContext {
    /// The request's id.
    pub request_id: Option<RequestId>,
    /// When the caller stops waiting.
    pub deadline: Option<Deadline>,
    /// The authenticated caller.
    pub principal: Option<Principal>,
    /// What the caller's key allows.
    pub grants: Option<Grants>,
}

impl CallContext {
    /// The context of a request with these extensions (`request.extensions()`).
    pub fn of(extensions: &Extensions) -> Self {
        Self {
            request_id: extensions.get().cloned(),
            deadline: extensions.get().copied(),
            principal: extensions.get().cloned(),
            grants: extensions.get().cloned(),
        }
    }

    /// The context and the current trace as words, for work that goes on elsewhere and later. The deadline is left out:
    /// nobody waits for that work.
    pub fn into_words(self) -> BTreeMap<String, String> {
        let mut words = HashMap::new();
        propagate(&Span::current(), &mut words);
        words.retain(|_, word: &mut String| !word.is_empty());
        let id = self.request_id.map(|id| (REQUEST_ID_HEADER, id.as_str().to_owned()));
        let principal = self.principal.map(|principal| (PRINCIPAL_HEADER, principal.as_str().to_owned()));
        let grants = self.grants.map(|grants| (GRANTS_HEADER, grants.as_str().to_owned()));
        let own = id.into_iter().chain(principal).chain(grants);
        let own = own.map(|(name, word)| (name.as_str().to_owned(), word));
        words.into_iter().chain(own).collect()
    }

    /// The context that [`into_words`](Self::into_words) wrote, and its trace continued in `span`, which must not have
    /// been entered yet. What cannot be read is left out.
    pub fn from_words(words: &BTreeMap<String, String>, span: &Span) -> Self {
        let carrier: HashMap<_, _> = words.iter().map(|(name, word)| (name.clone(), word.clone())).collect();
        continue_from(span, &carrier);
        let word = |name: HeaderName| HeaderValue::from_str(words.get(name.as_str())?).ok();
        Self {
            request_id: word(REQUEST_ID_HEADER).as_ref().and_then(RequestId::accept),
            deadline: None,
            principal: words.get(PRINCIPAL_HEADER.as_str()).and_then(|name| Principal::new(name).ok()),
            grants: words.get(GRANTS_HEADER.as_str()).and_then(|words| Grants::new(words).ok()),
        }
    }

    /// A request for an [`Upstream`](crate::Upstream) in this context.
    pub fn request<M>(self, message: M) -> tonic::Request<M> {
        let mut request = tonic::Request::new(message);
        let extensions = request.extensions_mut();
        if let Some(id) = self.request_id {
            extensions.insert(id);
        }
        if let Some(deadline) = self.deadline {
            extensions.insert(deadline);
        }
        if let Some(principal) = self.principal {
            extensions.insert(principal);
        }
        if let Some(grants) = self.grants {
            extensions.insert(grants);
        }
        request
    }
}

/// The request that a handler sends on: `client.count_tokens(rpc::onward(request.extensions(), message))`.
///
/// The next service sees the same request id and principal, and no more time than is left. The trace follows by the
/// current span.
pub fn onward<M>(incoming: &Extensions, message: M) -> tonic::Request<M> {
    CallContext::of(incoming).request(message)
}

#[cfg(test)]
mod tests {
    use tracing::Span;

    use super::CallContext;
    use crate::{Grants, Principal, RequestId};

    #[test]
    fn a_context_goes_on_as_words() {
        let context = CallContext {
            request_id: Some(RequestId::random()),
            deadline: None,
            principal: Some(Principal::new("team-a").unwrap()),
            grants: Some(Grants::new("scopes=shopping").unwrap()),
        };
        let read = CallContext::from_words(&context.clone().into_words(), &Span::none());
        assert_eq!((read.request_id, read.principal), (context.request_id, context.principal));
        assert_eq!(read.grants, context.grants);
        let nothing = CallContext::from_words(&CallContext::default().into_words(), &Span::none());
        assert!(nothing.request_id.is_none() && nothing.principal.is_none() && nothing.grants.is_none());
    }
}
