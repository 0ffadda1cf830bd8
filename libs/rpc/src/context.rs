//! What one call hands to the calls that it makes.

use http::Extensions;

use crate::{Deadline, Principal, RequestId};

/// The parts of a call that outlive it: in whose name, under which id and until when.
#[derive(Clone, Debug, Default)]
pub struct CallContext {
    /// The request's id.
    pub request_id: Option<RequestId>,
    /// When the caller stops waiting.
    pub deadline: Option<Deadline>,
    /// The authenticated caller.
    pub principal: Option<Principal>,
}

impl CallContext {
    /// The context of a request with these extensions (`request.extensions()`).
    pub fn of(extensions: &Extensions) -> Self {
        Self {
            request_id: extensions.get().cloned(),
            deadline: extensions.get().copied(),
            principal: extensions.get().cloned(),
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
