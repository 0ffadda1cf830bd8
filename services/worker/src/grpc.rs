//! The services behind, asked with patience: llm-inference here, mcp in `toolbox`.

mod toolbox;

use std::time::Duration;

use proto::inference::v1::{
    GenerateTextRequest, GenerateTextResponse, Token, inference_service_client::InferenceServiceClient,
    stream_generate_text_response::Event,
};
use rpc::{CallContext, Remote, Upstream};
use tonic::{Status, Streaming};

pub(crate) use self::toolbox::Toolbox;
use crate::{WorkerError, patience::Patience};

/// The models, as a worker calls them.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    client: InferenceServiceClient<Upstream>,
    patience: Duration,
}

impl Generator {
    /// A generator that waits so long for a place or a pod.
    pub(crate) fn new(upstream: Upstream, patience: Duration) -> Self {
        // llm-inference bounds its answers where it makes them.
        Self { client: InferenceServiceClient::new(upstream).max_decoding_message_size(usize::MAX), patience }
    }

    /// Generates a text and tells of each token with the text so far.
    pub(crate) async fn stream(
        &self,
        context: &CallContext,
        request: &GenerateTextRequest,
        mut news: impl FnMut(&GenerateTextResponse, u64) + Send,
    ) -> Result<GenerateTextResponse, WorkerError> {
        let mut patience = Patience::new(self.patience);
        loop {
            match self.stream_once(context, request, &mut news).await {
                Err(error) if patience.is_worth_waiting(&error) => patience.wait(&error).await,
                outcome => return outcome,
            }
        }
    }

    /// Generates a text.
    pub(crate) async fn generate(
        &self,
        context: &CallContext,
        request: &GenerateTextRequest,
    ) -> Result<GenerateTextResponse, WorkerError> {
        let mut patience = Patience::new(self.patience);
        loop {
            let mut client = self.client.clone();
            let answer = client.generate_text(context.clone().request(request.clone())).await;
            match answer.map_err(WorkerError::from) {
                Err(error) if patience.is_worth_waiting(&error) => patience.wait(&error).await,
                outcome => return Ok(outcome?.into_inner()),
            }
        }
    }

    async fn stream_once(
        &self,
        context: &CallContext,
        request: &GenerateTextRequest,
        news: &mut (impl FnMut(&GenerateTextResponse, u64) + Send),
    ) -> Result<GenerateTextResponse, WorkerError> {
        let mut client = self.client.clone();
        let call = client.stream_generate_text(context.clone().request(request.clone()));
        let mut events = call.await?.into_inner();
        let (mut answer, mut tokens) = (GenerateTextResponse::default(), 0);
        while let Some(message) = events.message().await? {
            match message.event {
                Some(Event::Started(started)) => answer.model = started.model,
                Some(Event::Token(token)) => {
                    tokens += 1;
                    take(&mut answer, token, request.logprobs);
                    news(&answer, tokens);
                }
                Some(Event::Finished(finished)) => {
                    answer.text.push_str(&finished.text);
                    answer.finish_reason = finished.finish_reason;
                    answer.stop_string = finished.stop_string;
                    answer.usage = finished.usage;
                    answer.timings = finished.timings;
                    to_the_end(events).await;
                    return Ok(answer);
                }
                Some(Event::Heartbeat(_)) | None => {}
            }
        }
        Err(WorkerError::Incomplete)
    }
}

/// Behind the last event comes only the status. Whoever leaves without it has broken the call off, as metrics count.
async fn to_the_end<M>(mut events: Streaming<M>) {
    while let Ok(Some(_)) = events.message().await {}
}

fn take(answer: &mut GenerateTextResponse, token: Token, keep: bool) {
    answer.text.push_str(&token.text);
    if keep {
        answer.tokens.push(token);
    }
}

impl From<Status> for WorkerError {
    fn from(status: Status) -> Self {
        Self::Peer(Remote::from(status))
    }
}
