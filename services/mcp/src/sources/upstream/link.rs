//! The connection to another server.

use std::{sync::Arc, time::Duration};

use egress::Request;
use federation::{Asked, FederationError, Listing, Mirror, Session, Step, Way};
use http::Method;
use secrets::Redactor;
use serde_json::{Map, Value};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};
use tools::ToolsError;

use crate::remote::{Given, Remote};

/// How long a whole list may take, and the handshake before it.
const LIST_WITHIN: Duration = Duration::from_mins(1);
/// How long it may take to say goodbye.
const FAREWELL_WITHIN: Duration = Duration::from_secs(5);
/// Calls that were left and are still to be called off. Beyond it, the server finds out by the closed connection.
const MOST_LEFT: usize = 256;

/// A connection: where, in whose name, and what was agreed on.
pub(super) struct Link {
    /// What the server is called here.
    pub(super) name: String,
    pub(super) remote: Remote,
    /// Who opens a session holds it: the others wait for that one.
    session: Mutex<Option<Arc<Session>>>,
    /// Calls whose callers have left, for the task that follows the server.
    left: mpsc::Sender<Left>,
    left_calls: Mutex<mpsc::Receiver<Left>>,
}

/// A call that nobody waits for any more.
pub(super) struct Left {
    session: Arc<Session>,
    id: u64,
}

/// What a tool is called with.
pub(super) struct Wish<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a Map<String, Value>,
    pub(super) mirrors: &'a [Mirror],
    pub(super) hops: u64,
    pub(super) steps: &'a (dyn Fn(Step) + Send + Sync),
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// The server's doing.
    Theirs(FederationError),
    /// Credentials that cannot be had, and the like.
    Ours(ToolsError),
}

/// What has been tried a second time already.
#[derive(Default)]
struct Tried {
    renewed: bool,
    reopened: bool,
}

impl Link {
    pub(super) fn new(name: &str, remote: Remote) -> Self {
        let (left, left_calls) = mpsc::channel(MOST_LEFT);
        Self {
            name: name.to_owned(),
            remote,
            session: Mutex::default(),
            left,
            left_calls: Mutex::new(left_calls),
        }
    }

    /// The server's tools.
    pub(super) async fn list(
        &self,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Listing, Trouble> {
        let listing = timeout(LIST_WITHIN, self.listed(wanted)).await.unwrap_or_else(|_| {
            let name = self.name.clone();
            Err(Trouble::Ours(ToolsError::TimedOut { name, limit: LIST_WITHIN }))
        });
        if listing.is_err() {
            // A server that comes back may speak another revision.
            self.session.lock().await.take();
        }
        listing
    }

    async fn listed(&self, wanted: &(dyn Fn(&str) -> bool + Send + Sync)) -> Result<Listing, Trouble> {
        let mut tried = Tried::default();
        loop {
            let (way, given) = self.way().await?;
            match self.try_list(&way, wanted).await {
                Ok(listing) => return Ok(listing),
                Err(error) if self.again(&error, &given, &mut tried).await => {}
                Err(error) => return Err(Trouble::Theirs(error)),
            }
        }
    }

    async fn try_list(
        &self,
        way: &Way<'_>,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Listing, FederationError> {
        let session = self.session(way).await?;
        let listing = session.list(way, wanted).await;
        self.mind(&session, listing.as_ref().err()).await;
        listing
    }

    /// Calls a tool. Our credentials are taken out of all words that come back; the redactor is for what is no text.
    pub(super) async fn call(&self, wish: &Wish<'_>) -> Result<(Value, Redactor), Trouble> {
        let mut tried = Tried::default();
        loop {
            let (way, given) = self.way().await?;
            let redactor = Redactor::of(&given.0);
            let steps = |step: Step| {
                (wish.steps)(Step { message: step.message.map(|words| redactor.text(words)), ..step });
            };
            match self.try_call(&way, wish, &steps).await {
                Ok(result) => return Ok((redactor.value(result), redactor)),
                Err(error) if self.again(&error, &given, &mut tried).await => {}
                Err(FederationError::Refused { code, message }) => {
                    let message = redactor.text(message);
                    return Err(Trouble::Theirs(FederationError::Refused { code, message }));
                }
                Err(error) => return Err(Trouble::Theirs(error)),
            }
        }
    }

    async fn try_call(
        &self,
        way: &Way<'_>,
        wish: &Wish<'_>,
        steps: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Value, FederationError> {
        let session = self.session(way).await?;
        let id = session.next_id();
        let asked =
            Asked { id, name: wish.name, arguments: wish.arguments, mirrors: wish.mirrors, hops: wish.hops };
        let mut leaving = Leaving { link: self, left: Some(Left { session: Arc::clone(&session), id }) };
        let result = session.call(way, &asked, steps).await;
        // Dropped before this, the call is called off.
        leaving.left.take();
        self.mind(&session, result.as_ref().err()).await;
        result
    }

    /// Whether what went wrong is worth a second attempt: nothing was done yet in these cases.
    async fn again(&self, error: &FederationError, given: &Given, tried: &mut Tried) -> bool {
        match error {
            FederationError::Credentials { .. } if !tried.renewed => {
                tried.renewed = true;
                self.remote.auth.renew(given, &self.remote.secrets).await
            }
            FederationError::SessionGone if !tried.reopened => {
                tried.reopened = true;
                true
            }
            _ => false,
        }
    }

    /// A way with the credentials of this moment.
    async fn way(&self) -> Result<(Way<'_>, Given), Trouble> {
        let mut request = Request::new(Method::POST, self.remote.base.clone());
        request.headers.extend(self.remote.headers.clone());
        let given = self.remote.auth.apply(&mut request, &self.remote.secrets).await;
        Ok((Way { egress: &self.remote.egress, request }, given.map_err(Trouble::Ours)?))
    }

    async fn session(&self, way: &Way<'_>) -> Result<Arc<Session>, FederationError> {
        let mut kept = self.session.lock().await;
        if let Some(session) = &*kept {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(Session::open(way).await?);
        tracing::debug!(upstream = self.name, revision = session.revision(), "an upstream was met");
        *kept = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Forgets a session that the server has forgotten, unless somebody has opened another one.
    async fn mind(&self, session: &Arc<Session>, error: Option<&FederationError>) {
        if matches!(error, Some(FederationError::SessionGone)) {
            let mut kept = self.session.lock().await;
            if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, session)) {
                kept.take();
            }
        }
    }

    /// The next call that was left. For the one task that follows the server.
    pub(super) async fn next_left(&self) -> Left {
        let next = self.left_calls.lock().await.recv().await;
        match next {
            Some(left) => left,
            // The other end lies beside this one.
            None => std::future::pending().await,
        }
    }

    /// Calls it off.
    pub(super) async fn call_off(&self, left: Left) {
        let said = async {
            let Ok((way, _)) = self.way().await else { return };
            if let Err(error) = left.session.cancel(&way, left.id).await {
                tracing::debug!(upstream = self.name, "a call could not be called off: {error}");
            }
        };
        // Whoever does not listen will find the connection closed.
        let _ = timeout(FAREWELL_WITHIN, said).await;
    }

    /// Ends the session, for servers that have one.
    pub(super) async fn close(&self) {
        let Some(session) = self.session.lock().await.take() else { return };
        let said = async {
            if let Ok((way, _)) = self.way().await {
                let _ = session.close(&way).await;
            }
        };
        // A session that is not ended ends by itself.
        let _ = timeout(FAREWELL_WITHIN, said).await;
    }
}

/// A call that runs. Where its caller leaves, it is called off: older revisions take a closed connection for a bad network.
struct Leaving<'a> {
    link: &'a Link,
    left: Option<Left>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if let Some(left) = self.left.take().filter(|left| left.session.has_to_be_told()) {
            let _ = self.link.left.try_send(left);
        }
    }
}
