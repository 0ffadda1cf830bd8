//! The call itself.

use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;
use http::uri::PathAndQuery;
use rpc::{AtMostOnce, RequestId};
use tokio::signal::ctrl_c;
use tonic::{Code, Status, client::Grpc};
use transcoding::Rpc;

use super::{
    header::{Header, request},
    raw::Raw,
};
use crate::{
    client::Client,
    output::{say, tell},
};

/// How the call is made.
pub(super) struct Options<'a> {
    pub(super) headers: &'a [Header],
    pub(super) deadline: Option<Duration>,
    /// Bytes of the largest message that is taken.
    pub(super) most: usize,
}

/// Sends the message and prints what is answered, as it comes. Ctrl-C ends the call, and the process as a shell has it.
pub(super) async fn run(
    client: &Client,
    rpc: &Rpc,
    message: Bytes,
    options: &Options<'_>,
) -> anyhow::Result<()> {
    tokio::select! {
        biased;
        outcome = exchange(client, rpc, message, options) => outcome,
        _ = ctrl_c() => {
            // The connection ends with the process, and with the connection the call.
            tell!("\nondol: the call was cancelled");
            std::process::exit(130)
        }
    }
}

async fn exchange(client: &Client, rpc: &Rpc, message: Bytes, options: &Options<'_>) -> anyhow::Result<()> {
    let mut request = request(message, options.headers);
    // Chosen here, so that it can be told of a call that never came to its answer.
    let id = request.extensions_mut().get_or_insert_with(RequestId::random).clone();
    let failed = |status| failed(client, status, &id);
    if let Some(deadline) = options.deadline {
        request.set_timeout(deadline);
    }
    // Which methods may be called twice is not known here.
    request.extensions_mut().insert(AtMostOnce);
    let path = PathAndQuery::try_from(rpc.path())?;
    let mut calls = Grpc::new(client.channel()).max_decoding_message_size(options.most);
    let Ok(()) = calls.ready().await;
    if !rpc.streams() {
        let answer = calls.unary(request, path, Raw).await.map_err(failed)?;
        say!("{}", String::from_utf8_lossy(&rpc.decode_indented(answer.get_ref())?));
        return Ok(());
    }
    let answers = calls.server_streaming(request, path, Raw).await;
    let mut answers = answers.map_err(failed)?.into_inner();
    while let Some(answer) = answers.message().await.map_err(failed)? {
        say!("{}", String::from_utf8_lossy(&rpc.decode(&answer)?));
    }
    Ok(())
}

/// A failure as it is told, with what to do where the answer is beyond our own bound: what a server says has details.
fn failed(client: &Client, status: Status, id: &RequestId) -> anyhow::Error {
    let is_ours = status.code() == Code::OutOfRange && status.details().is_empty();
    let error = client.explained_as(status, id);
    if is_ours { anyhow!("{error}\n  --max-message-bytes takes a larger one") } else { error }
}
