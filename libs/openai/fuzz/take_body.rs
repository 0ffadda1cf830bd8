//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

mod answered;
mod meant;
mod named;
mod noticed;

use fault::Fault;
use openai::{Endpoint, OpenAiError};
use serde_json::Value;

/// An error travels in headers, which have room for so much.
const LONGEST: usize = 1024;

/// Takes `bytes` for a body. Of whatever is accepted, each value is in the request or asks for nothing (`meant`), nothing
/// could have been something else without being noticed (`noticed`), and it is answered (`answered`). Whatever is refused
/// names the parameter that is wrong, unless it is no JSON (`named`).
pub(crate) fn take_body(bytes: &[u8]) {
    let body = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    for endpoint in [Endpoint::Chat, Endpoint::Completions, Endpoint::Responses] {
        match endpoint.read_bytes(bytes) {
            Ok(asked) => {
                meant::meant(endpoint, &body, &asked);
                noticed::noticed(endpoint, &body);
                answered::answered(endpoint, &body, asked);
            }
            Err(OpenAiError::Body(_)) => {}
            Err(error) => {
                named::named(&body, &error);
                let said = error.public_message();
                assert!(said.len() < LONGEST, "{said}");
            }
        }
    }
}
