//! Requests and answers of a service that no crate knows, from its descriptors alone; and of our own.

#![expect(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

mod answers;
mod clients;
mod descriptors;
mod documents;
mod requests;
mod rules;
mod seeds;
mod shapes;

use http::Method;
use serde_json::Value;
use transcoding::{Found, Limits, Route, Scope, Transcoder, TranscodingError};

/// The shelf, with every rpc at its own path too.
fn shelf() -> Transcoder {
    shelf_with(Limits::default())
}

fn shelf_with(limits: Limits) -> Transcoder {
    let scope = Scope { every_rpc: true, limits, ..Scope::default() };
    Transcoder::new(&descriptors::compiled(descriptors::SHELF), &scope).unwrap()
}

/// What a method and a path with a query are for.
fn route(transcoder: &Transcoder, method: &str, target: &str) -> Option<(Route, String)> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match transcoder.find(&Method::from_bytes(method.as_bytes()).unwrap(), path) {
        Found::Route(route) => Some((route, query.to_owned())),
        _ => None,
    }
}

/// A request of the shelf as its rpc's name and its message, told as JSON without defaults.
fn take(method: &str, target: &str, body: &str) -> Result<(String, Value), TranscodingError> {
    take_with(&shelf(), method, target, body)
}

fn take_with(
    transcoder: &Transcoder,
    method: &str,
    target: &str,
    body: &str,
) -> Result<(String, Value), TranscodingError> {
    let (route, query) = route(transcoder, method, target).unwrap_or_else(|| panic!("{method} {target}"));
    let message = route.encode(&query, body.as_bytes())?;
    Ok((route.rpc().full_name().rsplit('.').next().unwrap().to_owned(), request_json(&route, &message)))
}

/// A request's message as JSON, only what is set.
fn request_json(route: &Route, message: &[u8]) -> Value {
    let pool =
        prost_reflect::DescriptorPool::decode(descriptors::compiled(descriptors::SHELF).as_slice()).unwrap();
    let rpc = route.rpc().full_name();
    let method = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let input = method.into_iter().find(|method| method.full_name() == rpc).unwrap().input();
    serde_json::to_value(prost_reflect::DynamicMessage::decode(input, message).unwrap()).unwrap()
}

/// Each wrong field with what is said of it.
fn wrong(method: &str, target: &str, body: &str) -> Vec<(String, String)> {
    match take(method, target, body) {
        Err(TranscodingError::Fields { fields }) => {
            fields.into_iter().map(|field| (field.field, field.description)).collect()
        }
        other => panic!("{other:?}"),
    }
}
