//! One call in either language, and what is noted of it.

use std::time::{Duration, Instant};

use futures::{FutureExt, future::BoxFuture};
use tokio::time::timeout;

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

    /// Calls; a call that fails is an outcome like another, and told in words.
    pub(super) fn make(&self, number: usize) -> BoxFuture<'static, anyhow::Result<Result<Seen, String>>> {
        let call = match self {
            Self::Grpc(grpc) => grpc.call(number).boxed(),
            Self::OpenAi(openai) => openai.call().boxed(),
        };
        async move {
            Ok(match timeout(PATIENCE, call).await {
                Ok(Ok(seen)) => Ok(Seen { end: Some(Instant::now()), ..seen }),
                Ok(Err(problem)) => Err(format!("{problem:#}")),
                Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
            })
        }
        .boxed()
    }
}
