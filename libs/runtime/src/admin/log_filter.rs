//! `/log-filter`: which events are logged, read and changed while the process runs.
//!
//! A browser sends neither PUT nor DELETE to another origin without asking first, and nobody answers that here: a page
//! that somebody looks at cannot change the log of a program on their machine.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header::USER_AGENT},
};
use telemetry::{ADMIN, LogControl, LogFilter};
use tracing::info;

/// What of a client's own name is logged, in characters.
const AGENT: usize = 64;

/// Answers with the filter that holds.
pub(super) async fn show(State(log): State<LogControl>) -> String {
    format!("{}\n", log.current())
}

/// Has the filter in the body hold from now on.
pub(super) async fn change(
    State(log): State<LogControl>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: String,
) -> Result<String, (StatusCode, String)> {
    let filter: LogFilter = match body.trim().parse() {
        Ok(filter) => filter,
        Err(problem) => return Err((StatusCode::BAD_REQUEST, format!("no filter: {problem}\n"))),
    };
    let now = filter.to_string();
    let before = log.change(filter);
    tell(&before, &now, peer, &headers);
    Ok(format!("{now}\n"))
}

/// Has the filter hold again that the process was started with.
pub(super) async fn reset(
    State(log): State<LogControl>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> String {
    let before = log.reset();
    let now = log.first().to_string();
    tell(&before, &now, peer, &headers);
    format!("{now}\n")
}

fn tell(before: &LogFilter, to: &str, peer: SocketAddr, headers: &HeaderMap) {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let agent: String = agent.chars().take(AGENT).collect();
    let from = before.to_string();
    info!(target: ADMIN, %peer, agent, from, to, "the log filter was changed");
}
