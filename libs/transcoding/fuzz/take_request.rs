//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::sync::LazyLock;

use http::Method;
use transcoding::{Found, Rpc, Scope, Transcoder};

use crate::descriptors;

static SHELF: LazyLock<Transcoder> = LazyLock::new(|| {
    let scope = Scope { every_rpc: true, ..Scope::default() };
    Transcoder::new(&descriptors::compiled(descriptors::SHELF), &scope).unwrap()
});
/// An rpc that answers what it is asked, so that requests can be told.
static MIRROR: LazyLock<Rpc> = LazyLock::new(|| SHELF.rpc("shelf.v1.Library/Mirror").unwrap());

/// Takes `bytes` for a request: a first line of method, path and query, and a body. Whatever is accepted is a message
/// that is the same once it was told as JSON and read again. The bytes are also taken for an answer.
pub fn take_request(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    if let Ok(line) = std::str::from_utf8(line) {
        let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Ok(method) = Method::from_bytes(method.as_bytes())
            && let Found::Route(route) = SHELF.find(&method, path)
            && let Ok(message) = route.encode(query, body)
            && route.rpc().full_name() == MIRROR.full_name()
        {
            survives(&message);
        }
    }
    for rpc in SHELF.rpcs() {
        let _ = rpc.decode(bytes);
    }
}

fn survives(message: &[u8]) {
    let told = MIRROR.decode(message).unwrap();
    let again = MIRROR.encode(&told).unwrap();
    let once_more = MIRROR.decode(&again).unwrap();
    // Entries of maps come in any order.
    let [told, once_more] =
        [told, once_more].map(|json| serde_json::from_slice::<serde_json::Value>(&json).unwrap());
    assert_eq!(told, once_more);
}
