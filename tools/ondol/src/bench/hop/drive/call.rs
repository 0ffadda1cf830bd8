//! One call in either language, and what is noted of it.

use std::time::{Duration, Instant};

use fault::Fault;
use futures::{FutureExt, future::BoxFuture};
use rpc::Remote;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::{Arguments, Language, grpc::Grpc, openai::OpenAi};

/// A call that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was seen of an answer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How long each token was under way.
    pub(super) tokens: Vec<Duration>,
    /// When the first of them came.
    pub(super) first: Option<Instant>,
    /// When all had come.
    pub(super) end: Option<Instant>,
}

impl Seen {
    /// A token has come, so long after it was sent.
    pub(super) fn token(&mut self, under_way: Duration) {
        self.first.get_or_insert_with(Instant::now);
        self.tokens.push(under_way);
    }

    /// How long before its end the answer began. A whole answer begins when it is there.
    pub(super) fn after_first(&self) -> Duration {
        self.first.zip(self.end).map(|(first, end)| end.saturating_duration_since(first)).unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) said: String,
    /// Where the system says that it has no room.
    pub(super) refusal: Option<Refusal>,
}

/// How a system says that it has no room.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: String,
    /// Whether it says when to come back.
    pub(super) has_hint: bool,
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        let status = error.downcast_ref::<Status>();
        let full = status.filter(|it| matches!(it.code(), Code::ResourceExhausted | Code::Unavailable));
        let refusal = full.map(|status| {
            let said = Remote::from(status.clone());
            Refusal { reason: said.remote_reason().to_owned(), has_hint: said.retry_after().is_some() }
        });
        Self { said: format!("{error:#}"), refusal }
    }
}

/// What can be called again and again.
pub(super) enum Call {
    Grpc(Grpc),
    OpenAi(OpenAi),
}

impl Call {
    /// Connects.
    pub(super) async fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        Ok(match arguments.speaks {
            Language::Grpc => Self::Grpc(Grpc::connected(arguments).await?),
            Language::Openai => Self::OpenAi(OpenAi::new(arguments)?),
        })
    }

    /// Calls; a call that fails is an outcome like another.
    pub(super) fn make(&self, number: usize) -> BoxFuture<'static, anyhow::Result<Result<Seen, Trouble>>> {
        let call = match self {
            Self::Grpc(grpc) => grpc.call(number).boxed(),
            Self::OpenAi(openai) => openai.call().boxed(),
        };
        async move {
            Ok(match timeout(PATIENCE, call).await {
                Ok(Ok(seen)) => Ok(Seen { end: Some(Instant::now()), ..seen }),
                Ok(Err(problem)) => Err(Trouble::from(problem)),
                Err(_) => {
                    Err(Trouble { said: format!("no answer in {} s", PATIENCE.as_secs()), refusal: None })
                }
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::Trouble;

    #[test]
    fn a_refusal_for_want_of_room_is_told_from_a_failure() {
        let hint = ErrorDetails::with_retry_info(Some(Duration::from_secs(1)));
        let full = Status::with_error_details(Code::ResourceExhausted, "no room", hint);
        let refusal = Trouble::from(anyhow::Error::from(full)).refusal.unwrap();
        assert!(refusal.has_hint && refusal.reason == "RESOURCE_EXHAUSTED", "{refusal:?}");
        let away = Trouble::from(anyhow::Error::from(Status::unavailable("gone")).context("calling"));
        assert!(!away.refusal.unwrap().has_hint);
        assert!(Trouble::from(anyhow::Error::from(Status::internal("broken"))).refusal.is_none());
        assert!(Trouble::from(anyhow::anyhow!("3 of 16 tokens came")).refusal.is_none());
    }
}
