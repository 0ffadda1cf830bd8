//! Calls of models, sent where their routes lead: to one target after another, until one answers.
//!
//! - `attempts` makes one call at as many targets as it takes: the next one where a target is away or full, as long as
//!   the deadline and the budget allow it, and a second one beside the first where the route hedges.
//! - `unary` and `streaming` are what such a call is; a stream is open once it has brought its first token, and from
//!   then on nothing is tried again.
//! - `gated` is a call that generates, which passes the gate of a release, if that has one.
//! - `listing` joins the models of all releases.
//! - `verdict` says which errors are answers.

mod attempts;
mod gated;
mod listing;
mod streaming;
mod unary;
mod verdict;

use std::{sync::Arc, time::Duration};

use http::{Extensions, HeaderMap};
use proto::inference::v1::inference_service_client::InferenceServiceClient;
use rpc::{Deadline, Upstream};
use tokio::sync::watch;
use tonic::{
    Response, Status,
    metadata::{AsciiMetadataValue, MetadataMap},
};

pub(super) use streaming::{Begun, Events, beat};

use self::attempts::Attempts;
use crate::{
    ApiError,
    routes::{Priority, Release, Route, Routes},
};

/// Tells which release answered.
const RELEASE: &str = "x-ondol-release";

type Client = InferenceServiceClient<Upstream>;

/// The way to the models. A clone is the same.
#[derive(Clone)]
pub(crate) struct Dispatch {
    /// They may change between two calls, and not during one.
    routes: watch::Receiver<Arc<Routes>>,
}

impl Dispatch {
    /// Calls along these routes.
    pub(crate) fn new(routes: watch::Receiver<Arc<Routes>>) -> Self {
        Self { routes }
    }

    /// The channel to the one release, where there is no file and so never another.
    pub(crate) fn only(&self) -> Option<Upstream> {
        self.routes().only().map(|release| release.upstream())
    }

    /// When a call to generate should come back that every release would send away now, whatever it asks for.
    pub(crate) fn full(&self, headers: &HeaderMap) -> Option<Duration> {
        self.routes().full_for(Priority::claimed(headers)?)
    }

    /// Whether each release is connected, now and later.
    pub(crate) fn connected(&self) -> Vec<watch::Receiver<bool>> {
        self.routes().releases().iter().map(|release| release.connected()).collect()
    }

    /// Ready when the routes are others; an error where they will never be.
    pub(crate) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.routes.changed().await
    }

    /// The routes of this moment.
    fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.borrow())
    }

    fn route(&self, model: &str) -> Result<Arc<Route>, Status> {
        let found = self.routes().find(model).cloned();
        found.ok_or_else(|| rpc::status(ApiError::NoRoute { model: model.to_owned() }))
    }

    fn attempts(&self, route: Arc<Route>, extensions: &Extensions) -> Attempts {
        let deadline = extensions.get::<Deadline>().copied();
        Attempts { routes: self.routes(), route, deadline, hedge_after: None }
    }
}

fn client(release: &Release) -> Client {
    // llm-inference bounds its answers where it makes them.
    Client::new(release.upstream()).max_decoding_message_size(usize::MAX)
}

/// An answer of this release. A new response: the metadata of our own peer is not the caller's.
fn answer_of<M>(release: &Release, message: M) -> Response<M> {
    let mut response = Response::new(message);
    tell(release.told(), response.metadata_mut());
    response
}

/// Writes who answered, if that has a name.
pub(super) fn tell(release: Option<&'static str>, metadata: &mut MetadataMap) {
    if let Some(release) = release {
        metadata.insert(RELEASE, AsciiMetadataValue::from_static(release));
    }
}
