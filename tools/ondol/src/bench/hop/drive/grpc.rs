//! Calls by gRPC.

use anyhow::{Context, ensure};
use proto::inference::v1::{
    self as wire, inference_service_client::InferenceServiceClient, stream_generate_text_response::Event,
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::{super::clock::since, Arguments, call::Seen};

/// Connections, and what is asked over them.
pub(super) struct Grpc {
    channels: Vec<Channel>,
    authorization: MetadataValue<Ascii>,
    model: String,
    tokens: u32,
    streamed: bool,
}

impl Grpc {
    /// Opens the connections.
    pub(super) async fn connected(arguments: &Arguments) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{}", arguments.target))?;
        let mut channels = Vec::with_capacity(arguments.connections);
        for _ in 0..arguments.connections.max(1) {
            channels.push(endpoint.connect().await.context("connecting")?);
        }
        let authorization = format!("Bearer {}", arguments.key).parse()?;
        let (model, tokens, streamed) = (arguments.model.clone(), arguments.tokens, arguments.streamed);
        Ok(Self { channels, authorization, model, tokens, streamed })
    }

    /// One call, on the connections in turn.
    pub(super) fn call(&self, number: usize) -> impl Future<Output = anyhow::Result<Seen>> + Send + use<> {
        let mut request = Request::new(wire::GenerateTextRequest {
            model: self.model.clone(),
            prompt: "Say hello.".to_owned(),
            max_tokens: self.tokens,
            ..wire::GenerateTextRequest::default()
        });
        request.metadata_mut().insert("authorization", self.authorization.clone());
        let channel = self.channels.get(number % self.channels.len()).cloned();
        let (tokens, streamed) = (self.tokens, self.streamed);
        async move {
            let client = InferenceServiceClient::new(channel.context("a connection")?);
            if streamed { stream(client, request, tokens).await } else { whole(client, request).await }
        }
    }
}

async fn whole(
    mut client: InferenceServiceClient<Channel>,
    request: Request<wire::GenerateTextRequest>,
) -> anyhow::Result<Seen> {
    client.generate_text(request).await?;
    Ok(Seen::default())
}

async fn stream(
    mut client: InferenceServiceClient<Channel>,
    request: Request<wire::GenerateTextRequest>,
    tokens: u32,
) -> anyhow::Result<Seen> {
    let mut events = client.stream_generate_text(request).await?.into_inner();
    let mut seen = Seen::default();
    while let Some(event) = events.message().await? {
        if let Some(Event::Token(token)) = event.event {
            seen.token(since(&token.text).context("a token without its time")?);
        }
    }
    ensure!(seen.tokens.len() == tokens as usize, "{} of {tokens} tokens came", seen.tokens.len());
    Ok(seen)
}
