//! llm-inference, asked with patience: a job can wait where a caller could not.

use std::time::Duration;

use fault::{Fault, Kind};
use proto::inference::v1::{
    GenerateTextRequest, GenerateTextResponse, Token, inference_service_client::InferenceServiceClient,
    stream_generate_text_response::Event,
};
use rpc::{CallContext, Remote, Upstream};
use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::WorkerError;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

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
                    return Ok(answer);
                }
                Some(Event::Heartbeat(_)) | None => {}
            }
        }
        Err(WorkerError::Incomplete)
    }
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

/// How long to go on trying.
struct Patience {
    until: Instant,
    wait: Duration,
}

impl Patience {
    fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, wait: FIRST_WAIT }
    }

    /// Whether the error is of those that pass when a pod comes back or a place falls free.
    fn is_worth_waiting(&self, error: &WorkerError) -> bool {
        matches!(error.kind(), Kind::Unavailable | Kind::ResourceExhausted) && Instant::now() < self.until
    }

    async fn wait(&mut self, error: &WorkerError) {
        // As long as the peer says, give or take a half, so that those who were refused together do not come together.
        let wait = error.retry_after().unwrap_or(self.wait).min(LONGEST_WAIT);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        sleep(wait.mul_f64(0.5 + fastrand::f64())).await;
    }
}
