//! The call itself.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use rpc::AtMostOnce;
use tokio::signal::ctrl_c;
use tonic::client::Grpc;
use transcoding::Rpc;

use super::{
    header::{Header, request},
    raw::Raw,
};
use crate::{
    client::Client,
    output::{say, tell},
};

/// Sends the message and prints what is answered, as it comes. Ctrl-C ends the call, and the process as a shell has it.
pub(super) async fn run(
    client: &Client,
    rpc: &Rpc,
    message: Bytes,
    options: (&[Header], Option<Duration>),
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

async fn exchange(
    client: &Client,
    rpc: &Rpc,
    message: Bytes,
    (headers, deadline): (&[Header], Option<Duration>),
) -> anyhow::Result<()> {
    let mut request = request(message, headers);
    if let Some(deadline) = deadline {
        request.set_timeout(deadline);
    }
    // Which methods may be called twice is not known here.
    request.extensions_mut().insert(AtMostOnce);
    let path = PathAndQuery::try_from(rpc.path())?;
    let mut calls = Grpc::new(client.channel());
    let Ok(()) = calls.ready().await;
    if !rpc.streams() {
        let answer = calls.unary(request, path, Raw).await.map_err(|status| client.explained(status))?;
        say!("{}", String::from_utf8_lossy(&rpc.decode_indented(answer.get_ref())?));
        return Ok(());
    }
    let answers = calls.server_streaming(request, path, Raw).await;
    let mut answers = answers.map_err(|status| client.explained(status))?.into_inner();
    while let Some(answer) = answers.message().await.map_err(|status| client.explained(status))? {
        say!("{}", String::from_utf8_lossy(&rpc.decode(&answer)?));
    }
    Ok(())
}
