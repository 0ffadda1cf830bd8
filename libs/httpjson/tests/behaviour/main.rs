//! A service that no crate knows, and our own, behind the layer.

#![expect(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

mod column;
#[path = "../../../transcoding/tests/transcoding/descriptors.rs"]
mod descriptors;
mod inner;
mod serving;
mod streams;

use transcoding::{Limits, Scope, Transcoder};

/// The shelf, with every rpc at its own path too.
fn shelf() -> Transcoder {
    shelf_with(Limits::default())
}

fn shelf_with(limits: Limits) -> Transcoder {
    let scope = Scope { every_rpc: true, limits, ..Scope::default() };
    Transcoder::new(&descriptors::compiled(descriptors::SHELF), &scope).unwrap()
}
