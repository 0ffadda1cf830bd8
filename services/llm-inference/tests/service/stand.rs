//! What the tests stand on: the service, its stub models, a client, and the shape of an answer.

use std::{net::SocketAddr, sync::Arc};

use clap::Parser;
use engine::{Engine, Geometry, Settings, StubHook, StubModel};
use llm_inference::{Arguments, Served, serve_models};
use models::{
    ChatTemplate, Decoder, Manifest, Precision, Provenance, SCHEMA, SpecialTokens, Task, Tokenizer,
};
use proto::inference::v1::{
    GenerateTextRequest, Message, Stop, inference_service_client::InferenceServiceClient,
    stream_generate_text_response::Event,
};
use runtime::Life;
use tonic::{
    Code, Request, Status, Streaming,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

/// Tokens that a slot of a stub holds.
pub(crate) const CAPACITY: u32 = 4096;
/// The byte tokenizer's `<|end|>`.
const END: u32 = 256;
const TEMPLATE: &str = "{% for message in messages %}{{ message.role }}: {{ message.content }}<|end|>{% endfor %}\
                        {% if add_generation_prompt %}assistant: {% endif %}";

/// A stub model that is not at work yet.
pub(crate) struct Stub {
    pub(crate) name: &'static str,
    pub(crate) slots: usize,
    pub(crate) max_waiting: usize,
    /// Whether it has a chat template.
    pub(crate) chat: bool,
    /// Called before each step.
    pub(crate) hook: Option<StubHook>,
}

impl Default for Stub {
    fn default() -> Self {
        Self { name: "stub", slots: 2, max_waiting: 8, chat: true, hook: None }
    }
}

impl Stub {
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn hooked(hook: StubHook) -> Self {
        Self { hook: Some(hook), ..Self::default() }
    }

    fn start(self, life: &Life) -> Served {
        let tokenizer = Arc::new(Tokenizer::bytes());
        let capacity = CAPACITY as usize;
        let geometry = Geometry { slots: self.slots, capacity, vocabulary: tokenizer.vocabulary_size() };
        let mut model = StubModel::new(geometry).ending_with(END);
        if let Some(hook) = self.hook {
            model = model.with_hook(hook);
        }
        let settings = Settings { max_waiting: self.max_waiting, ..Settings::new(self.name) };
        let engine = life.register(|registry| {
            Engine::start(Box::new(model), Arc::clone(&tokenizer), vec![END], settings, registry).unwrap()
        });
        let template = self.chat.then(|| ChatTemplate::parse(TEMPLATE).unwrap());
        Served::new(manifest(self.name), tokenizer, template, engine)
    }
}

fn manifest(name: &str) -> Manifest {
    Manifest {
        schema: SCHEMA,
        name: name.into(),
        task: Task::TextGeneration,
        precision: Precision::Int8,
        context: 8192,
        decoder: Some(Decoder {
            layers: 1,
            heads: 1,
            kv_heads: 1,
            head_dim: 1,
            hidden: 1,
            vocabulary: END + 1,
        }),
        tokens: SpecialTokens { begin: None, end: vec![END] },
        provenance: Provenance {
            source: "stub.gguf".into(),
            source_sha256: "c".repeat(64),
            format: "gguf".into(),
            license: "apache-2.0".into(),
            importer: "none".into(),
        },
        files: [].into(),
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Arguments,
}

/// The service at work.
pub(crate) struct Stand {
    pub(crate) address: SocketAddr,
    life: Life,
}

impl Stand {
    pub(crate) fn start(stubs: impl IntoIterator<Item = Stub>) -> Self {
        Self::start_on(Life::new(), &[], stubs)
    }

    /// The service in a process of its own life, with arguments as an operator would write them.
    pub(crate) fn start_on(life: Life, extra: &[&str], stubs: impl IntoIterator<Item = Stub>) -> Self {
        let line = ["llm-inference", "--listen", "127.0.0.1:0", "--models", "unused"];
        let arguments = Line::parse_from(line.iter().chain(extra)).service;
        let models = stubs.into_iter().map(|stub| stub.start(&life)).collect();
        let address = serve_models(&arguments, models, &life).unwrap().address;
        Self { address, life }
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect_lazy()
    }

    pub(crate) fn client(&self) -> InferenceServiceClient<Channel> {
        InferenceServiceClient::new(self.channel())
    }

    /// How many requests have ended for this reason, as Prometheus would learn it.
    pub(crate) fn finished(&self, reason: &str) -> u32 {
        let text = self.life.register(|registry| telemetry::metrics::exposition([&*registry]).unwrap());
        let label = format!("reason=\"{reason}\"");
        let mut lines = text.lines().filter(|line| line.starts_with("ondol_llm_requests_finished_total"));
        lines
            .find(|line| line.contains(&label))
            .map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }
}

/// A request for exactly so many tokens.
pub(crate) fn ask(prompt: &str, tokens: u32) -> GenerateTextRequest {
    GenerateTextRequest {
        model: "stub".into(),
        prompt: prompt.into(),
        max_tokens: tokens,
        stop: Some(Stop { ignore_end: true, ..Stop::default() }),
        ..GenerateTextRequest::default()
    }
}

pub(crate) fn message(role: &str, text: &str) -> Message {
    Message { role: role.into(), text: text.into() }
}

/// Opens a stream and reads its first event, which says that the request was admitted.
pub(crate) async fn open(
    stand: &Stand,
    request: Request<GenerateTextRequest>,
) -> Streaming<proto::inference::v1::StreamGenerateTextResponse> {
    let mut stream = stand.client().stream_generate_text(request).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().event;
    assert!(matches!(first, Some(Event::Started(_))), "{first:?}");
    stream
}

/// Reads a stream to its end.
pub(crate) async fn read(
    mut stream: Streaming<proto::inference::v1::StreamGenerateTextResponse>,
) -> Result<Vec<Event>, Status> {
    let mut events = Vec::new();
    while let Some(response) = stream.message().await? {
        events.extend(response.event);
    }
    Ok(events)
}

/// What a program sees of an error: its code and its reason.
pub(crate) fn refusal(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, rpc::ERROR_DOMAIN);
    (status.code(), info.reason)
}
