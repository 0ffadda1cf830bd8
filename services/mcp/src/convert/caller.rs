//! Who calls.

use accounts::Grants as Granted;
use http::Extensions;
use rpc::{Deadline, Grants, Principal, RequestId};
use tokio::time::Instant;
use tools::Caller;

/// The principal of calls that come without one: from inside the network, since api always names its caller.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// The caller that a service in front has named, with what its key allows.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    let principal = extensions.get::<Principal>().map_or(ANONYMOUS, Principal::as_str);
    let granted = extensions.get::<Grants>().map(|grants| Granted::from_line(grants.as_str()));
    let Granted { scopes, tools, .. } = granted.unwrap_or_default();
    Caller { principal: principal.into(), scopes, tools }
}

pub(crate) fn request_id(extensions: &Extensions) -> String {
    extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default()
}

pub(crate) fn deadline(extensions: &Extensions) -> Option<Instant> {
    extensions.get::<Deadline>().map(|deadline| Instant::now() + deadline.remaining())
}
