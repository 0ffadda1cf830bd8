//! What a server says it can be called with, where it is more than this program knows.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use futures::stream;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use tonic::{Request, Status};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use transcoding::{Scope, Transcoder};

use crate::client::{Channel, Client};

/// A question is small; a server that does not answer it has no answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The contract of a server, from its reflection. What the server refuses is explained as any call's refusal is.
pub(super) async fn contract(client: &Client, scope: &Scope) -> anyhow::Result<Transcoder> {
    read(client, scope).await.map_err(|error| match error.downcast::<Status>() {
        Ok(status) => client.explained(status),
        Err(other) => other,
    })
}

async fn read(client: &Client, scope: &Scope) -> anyhow::Result<Transcoder> {
    let mut reflection = ServerReflectionClient::new(client.channel());
    let listed = ask(&mut reflection, MessageRequest::ListServices(String::new())).await?;
    let MessageResponse::ListServicesResponse(listed) = listed else { return none() };
    let mut files = BTreeMap::new();
    for service in listed.service {
        gather(&mut reflection, MessageRequest::FileContainingSymbol(service.name), &mut files).await?;
    }
    // Each file brings the names of those that it needs.
    while let Some(name) = missing(&files) {
        gather(&mut reflection, MessageRequest::FileByFilename(name), &mut files).await?;
    }
    let set = FileDescriptorSet { file: files.into_values().collect() };
    Ok(Transcoder::new(&set.encode_to_vec(), scope)?)
}

type Files = BTreeMap<String, FileDescriptorProto>;

fn missing(files: &Files) -> Option<String> {
    let mut needed = files.values().flat_map(|file| &file.dependency);
    needed.find(|name| !files.contains_key(*name)).cloned()
}

async fn gather(
    reflection: &mut ServerReflectionClient<Channel>,
    question: MessageRequest,
    files: &mut Files,
) -> anyhow::Result<()> {
    let before = files.len();
    let MessageResponse::FileDescriptorResponse(found) = ask(reflection, question.clone()).await? else {
        return none();
    };
    for file in found.file_descriptor_proto {
        let file = FileDescriptorProto::decode(file.as_slice())?;
        files.insert(file.name().to_owned(), file);
    }
    // A server that answers with something else would be asked for ever.
    let is_name = matches!(question, MessageRequest::FileByFilename(_));
    if is_name && files.len() == before { none() } else { Ok(()) }
}

async fn ask(
    reflection: &mut ServerReflectionClient<Channel>,
    question: MessageRequest,
) -> anyhow::Result<MessageResponse> {
    let question = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let mut request = Request::new(stream::iter([question]));
    request.set_timeout(PATIENCE);
    let mut answers = reflection.server_reflection_info(request).await?.into_inner();
    let answer = answers.message().await?.and_then(|answer| answer.message_response);
    answer.context("no answer")
}

fn none<T>() -> anyhow::Result<T> {
    anyhow::bail!("the server's reflection answers something else than it was asked")
}
