//! Who asks, and what they understand.

use http::request::Parts;
use rmcp::{RoleServer, model::ClientCapabilities, service::RequestContext};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tools::{Abilities, Call, Caller};

use super::gate::Origin;
use crate::{convert, sources::upstream::HOPS};

/// Who asks, as the gate has found out and the request says.
pub(super) struct Asker {
    pub(super) caller: Caller,
    /// Whether they know of tasks.
    pub(super) knows_tasks: bool,
    /// What they can be asked.
    pub(super) abilities: Abilities,
    origin: Option<Origin>,
    request_id: String,
    deadline: Option<Instant>,
    hops: u64,
}

impl Asker {
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let nobody = || Caller { tools: Some(Vec::new()), ..Caller::new(convert::ANONYMOUS) };
        let parts = context.extensions.get::<Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Caller>()).cloned();
        let capabilities = context.client_capabilities().unwrap_or_default();
        Self {
            caller: caller.unwrap_or_else(nobody),
            knows_tasks: capabilities.supports_tasks(),
            abilities: abilities(&capabilities),
            origin: parts.and_then(|parts| parts.extensions.get::<Origin>()).cloned(),
            request_id: parts.map(|parts| convert::request_id(&parts.extensions)).unwrap_or_default(),
            deadline: parts.and_then(|parts| convert::deadline(&parts.extensions)),
            hops: context.meta.get(HOPS).and_then(Value::as_u64).unwrap_or_default(),
        }
    }

    /// A call in their name.
    pub(super) fn call(&self, arguments: Map<String, Value>) -> Call {
        let call = Call::new(arguments, self.caller.clone());
        let (span, trace) = match &self.origin {
            Some(origin) => (origin.span.clone(), origin.trace.clone()),
            None => (call.span.clone(), None),
        };
        Call {
            span,
            trace,
            request_id: self.request_id.clone(),
            deadline: self.deadline,
            hops: self.hops,
            ..call
        }
    }
}

/// A form is what everybody has who can ask people at all, unless they say that they only follow links.
fn abilities(capabilities: &ClientCapabilities) -> Abilities {
    let form = capabilities.elicitation.as_ref().is_some_and(|can| can.form.is_some() || can.url.is_none());
    Abilities { form, text: capabilities.sampling.is_some(), roots: capabilities.roots.is_some() }
}
