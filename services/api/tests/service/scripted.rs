//! An llm-inference that does what a test tells it to, and writes down what it was asked.

use std::{
    future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use futures::{Stream, StreamExt, stream};
use proto::inference::v1::{
    self as wire, inference_service_server::InferenceService, stream_generate_text_response::Event,
};
use tokio::sync::{Notify, watch};
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};

/// How long the context of each model is.
const CONTEXT: u32 = 64;

type Events = Pin<Box<dyn Stream<Item = Result<wire::StreamGenerateTextResponse, Status>> + Send>>;

/// What it does with every call.
#[derive(Clone)]
pub(crate) enum Script {
    /// Says hello to everybody.
    Greet,
    /// Refuses at once.
    Refuse(Status),
    /// Refuses at once, with what it is told at the time.
    RefuseAs(watch::Receiver<Status>),
    /// Begins to say hello and breaks off; a stream does so after its first events.
    BreakOff(Status),
    /// Starts a stream and breaks off before its first token; refuses the rest.
    Stumble(Status),
    /// Begins a stream and never goes on.
    Hold,
    /// Begins, and goes on to `max_tokens` when it is told to.
    Wait(watch::Receiver<bool>),
}

/// The upstream. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Scripted {
    script: Script,
    asked: Arc<Mutex<Vec<MetadataMap>>>,
    generations: Arc<Mutex<Vec<wire::GenerateTextRequest>>>,
    begun: Arc<Notify>,
    abandoned: Arc<Notify>,
}

/// Tells that the stream which holds it is gone.
struct Alive(Arc<Notify>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Scripted {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            asked: Arc::default(),
            generations: Arc::default(),
            begun: Arc::default(),
            abandoned: Arc::default(),
        }
    }

    /// The metadata of every call so far.
    pub(crate) fn asked(&self) -> Vec<MetadataMap> {
        self.asked.lock().unwrap().clone()
    }

    /// Forgets what it was asked.
    pub(crate) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }

    /// Ready when a whole text is waited for.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// What the last call was to generate.
    pub(crate) fn generation(&self) -> wire::GenerateTextRequest {
        self.generations.lock().unwrap().last().cloned().unwrap()
    }

    /// Ready when a stream was dropped.
    pub(crate) async fn abandoned(&self) {
        self.abandoned.notified().await;
    }

    fn take<M, A>(&self, request: &Request<M>, answer: A) -> Result<Response<A>, Status> {
        let answer = self.noted(request, answer);
        match &self.script {
            Script::Refuse(status) | Script::BreakOff(status) | Script::Stumble(status) => {
                Err(status.clone())
            }
            Script::RefuseAs(told) => Err(told.borrow().clone()),
            Script::Greet | Script::Hold | Script::Wait(_) => Ok(answer),
        }
    }

    fn noted<M, A>(&self, request: &Request<M>, answer: A) -> Response<A> {
        self.asked.lock().unwrap().push(request.metadata().clone());
        let mut response = Response::new(answer);
        // What llm-inference says about itself is no caller's business.
        response.metadata_mut().insert("x-internal", "pod-7".parse().unwrap());
        response
    }

    fn events(&self, model: String, max_tokens: u32) -> Events {
        let beginning = stream::iter(beginning(model).map(Ok));
        match &self.script {
            Script::BreakOff(status) => beginning.chain(stream::iter([Err(status.clone())])).boxed(),
            Script::Stumble(status) => beginning.take(1).chain(stream::iter([Err(status.clone())])).boxed(),
            Script::Hold => {
                let alive = Alive(Arc::clone(&self.abandoned));
                let silence = async move {
                    let _alive = alive;
                    future::pending().await
                };
                beginning.chain(stream::once(silence)).boxed()
            }
            Script::Wait(told) => {
                let rest = (1..max_tokens).map(|_| response(Event::Token(wire::Token::default())));
                let finished = wire::Finished { usage: Some(usage(max_tokens)), ..wire::Finished::default() };
                let rest: Vec<_> = rest.chain([response(Event::Finished(finished))]).map(Ok).collect();
                let mut told = told.clone();
                let rest = async move {
                    told.wait_for(|told| *told).await.unwrap();
                    stream::iter(rest)
                };
                beginning.chain(stream::once(rest).flatten()).boxed()
            }
            Script::Greet | Script::Refuse(_) | Script::RefuseAs(_) => {
                let finished = wire::Finished {
                    text: "lo".into(),
                    finish_reason: wire::FinishReason::Stop.into(),
                    usage: Some(usage(2)),
                    ..wire::Finished::default()
                };
                beginning.chain(stream::iter([Ok(response(Event::Finished(finished)))])).boxed()
            }
        }
    }
}

/// What an answer of so many tokens has used.
fn usage(completion_tokens: u32) -> wire::Usage {
    wire::Usage { prompt_tokens: 3, completion_tokens, total_tokens: 3 + completion_tokens }
}

/// How every stream begins.
fn beginning(model: String) -> [wire::StreamGenerateTextResponse; 2] {
    let token = wire::Token { id: 7, text: "Hel".into(), logprob: Some(-0.5) };
    let started = wire::Started { model, prompt_tokens: 3 };
    [response(Event::Started(started)), response(Event::Token(token))]
}

fn response(event: Event) -> wire::StreamGenerateTextResponse {
    wire::StreamGenerateTextResponse { event: Some(event) }
}

#[tonic::async_trait]
impl InferenceService for Scripted {
    type StreamGenerateTextStream = Events;

    async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        self.generations.lock().unwrap().push(request.get_ref().clone());
        let tokens = if let Script::Wait(told) = &self.script {
            let _alive = Alive(Arc::clone(&self.abandoned));
            self.begun.notify_one();
            told.clone().wait_for(|told| *told).await.unwrap();
            request.get_ref().max_tokens
        } else {
            2
        };
        let token = wire::Token { id: 7, text: "Hello".into(), logprob: Some(-0.5) };
        let answer = wire::GenerateTextResponse {
            model: request.get_ref().model.clone(),
            text: "Hello".into(),
            finish_reason: wire::FinishReason::Stop.into(),
            usage: Some(usage(tokens)),
            tokens: request.get_ref().logprobs.then_some(token).into_iter().collect(),
            ..Default::default()
        };
        self.take(&request, answer)
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Events>, Status> {
        self.generations.lock().unwrap().push(request.get_ref().clone());
        let wire::GenerateTextRequest { model, max_tokens, .. } = request.get_ref();
        let events = self.events(model.clone(), *max_tokens);
        match &self.script {
            // Its stream carries the error.
            Script::BreakOff(_) | Script::Stumble(_) => Ok(self.noted(&request, events)),
            _ => self.take(&request, events),
        }
    }

    async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        self.take(&request, wire::CountTokensResponse { tokens: 3, context_tokens: CONTEXT })
    }

    async fn get_model(
        &self,
        request: Request<wire::GetModelRequest>,
    ) -> Result<Response<wire::Model>, Status> {
        let name = request.get_ref().name.clone();
        let id = name.trim_start_matches("models/").to_owned();
        if id == "missing" {
            return Err(Status::not_found("no such model"));
        }
        if let Script::Refuse(status) = &self.script
            && status.code() == Code::NotFound
        {
            return Err(status.clone());
        }
        // Whatever else becomes of calls, models are known.
        Ok(self.noted(&request, wire::Model { name, id, context_tokens: CONTEXT, ..Default::default() }))
    }

    async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        // Whoever asks for a page behind another is told of one more.
        let page_token = &request.get_ref().page_token;
        let next_page_token =
            if page_token.is_empty() { String::new() } else { format!("after {page_token}") };
        let model = |id: &str| wire::Model { id: id.into(), ..wire::Model::default() };
        let models = vec![model("stub"), model("other")];
        self.take(&request, wire::ListModelsResponse { models, next_page_token })
    }
}
