//! How long the contexts of models are, as llm-inference says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Lock, PoisonError},
    time::Duration,
};

use http::Extensions;
use rpc::Deadline;
use tokio::{sync::Mutex, time::Instant};
use tonic::{Code, Status};

use crate::grpc::Dispatch;

/// How long an answer is taken for true: a model may be served anew with another context.
const FRESH: Duration = Duration::from_secs(10);
/// How long what was known still counts after a question that came to nothing.
const AGAIN: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How many models are remembered. A route for a beginning may give one model any number of names.
const MOST: usize = 4_096;

/// The contexts of models that exist. A clone is the same.
#[derive(Clone)]
pub(in crate::grpc) struct Contexts {
    dispatch: Dispatch,
    known: Arc<Lock<HashMap<String, Known>>>,
    /// One asks, and the others have the answer.
    asking: Arc<Mutex<()>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    tokens: u32,
    until: Instant,
}

impl Contexts {
    pub(in crate::grpc) fn new(dispatch: Dispatch) -> Self {
        Self { dispatch, known: Arc::default(), asking: Arc::default() }
    }

    /// The tokens that a prompt and its answer may have together. `NOT_FOUND` where there is no such model, in
    /// llm-inference's words.
    pub(in crate::grpc) async fn of(&self, extensions: &Extensions, model: &str) -> Result<u32, Status> {
        let known = self.known(model);
        if let Some(fresh) = fresh(known) {
            return Ok(fresh);
        }
        let _turn = match (self.asking.try_lock(), known) {
            (Ok(turn), _) => turn,
            // It was right a moment ago.
            (Err(_), Some(known)) => return Ok(known.tokens),
            (Err(_), None) => self.asking.lock().await,
        };
        // Somebody may have asked meanwhile.
        if let Some(fresh) = fresh(self.known(model)) {
            return Ok(fresh);
        }
        let answer = self.ask(extensions, model).await;
        self.learn(model, known, answer)
    }

    async fn ask(&self, extensions: &Extensions, model: &str) -> Result<u32, Status> {
        let mut extensions = extensions.clone();
        let callers = extensions.get::<Deadline>().copied();
        let own = Deadline::after(ANSWER);
        extensions.insert(callers.map_or(own, |callers| callers.min(own)));
        let answer = self.dispatch.model(&extensions, model).await?;
        // A model without a context would have no bound.
        Ok(Some(answer.into_inner().context_tokens).filter(|tokens| *tokens > 0).unwrap_or(u32::MAX))
    }

    fn learn(&self, model: &str, known: Option<Known>, answer: Result<u32, Status>) -> Result<u32, Status> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, lasts) = match (answer, known) {
            (Ok(tokens), _) => (tokens, FRESH),
            (Err(status), Some(known)) if status.code() != Code::NotFound => {
                tracing::debug!(model, "the context of a model is as it was known: {}", status.message());
                (known.tokens, AGAIN)
            }
            (Err(status), _) => {
                all.remove(model);
                return Err(status);
            }
        };
        let now = Instant::now();
        if all.len() >= MOST {
            all.retain(|_, known| now < known.until);
        }
        // Without a place it is asked for again the next time.
        if all.len() < MOST || all.contains_key(model) {
            all.insert(model.to_owned(), Known { tokens, until: now + lasts });
        }
        Ok(tokens)
    }

    fn known(&self, model: &str) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied()
    }
}

fn fresh(known: Option<Known>) -> Option<u32> {
    known.filter(|known| Instant::now() < known.until).map(|known| known.tokens)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::{Contexts, FRESH, MOST};
    use crate::{grpc::Dispatch, routes};

    #[tokio::test(start_paused = true)]
    async fn no_more_names_are_remembered_than_there_is_room_for_and_old_ones_make_room() {
        let contexts = Contexts::new(Dispatch::new(routes::over(Vec::new())));
        for name in 0..=MOST {
            assert_eq!(contexts.learn(&format!("m{name}"), None, Ok(64)).unwrap(), 64);
        }
        assert_eq!(contexts.known.lock().unwrap().len(), MOST);
        assert!(contexts.known("m0").is_some() && contexts.known(&format!("m{MOST}")).is_none());
        advance(FRESH).await;
        contexts.learn("new", None, Ok(64)).unwrap();
        assert_eq!(contexts.known.lock().unwrap().len(), 1);
        assert!(contexts.known("new").is_some());
    }
}
