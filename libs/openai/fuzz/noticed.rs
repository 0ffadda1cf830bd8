//! Nothing in a body goes unnoticed: what is wrong at any place of it is refused with the name of that place.

use fault::Fault;
use openai::Endpoint;
use serde_json::{Value, json};

/// A name that no parameter has.
const UNHEARD: &str = "unheard_of";
/// Messages, and parts of each, that are tried.
const MOST: usize = 3;

/// In `body`, which was accepted, each parameter takes the turn to be wrong, and so does one that there is none of.
pub(crate) fn noticed(endpoint: Endpoint, body: &Value) {
    for (pointer, path) in objects(endpoint, body) {
        let Some(Value::Object(members)) = body.pointer(&pointer) else { continue };
        let path_of = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, _) in members.iter().filter(|(_, value)| !value.is_null()) {
            // No parameter can be a list of numbers and such an object as well.
            let noticed = [json!([7]), json!({"7": 7})].into_iter().any(|wrong| {
                let refused = refused(endpoint, body, &pointer, (name, wrong));
                refused.is_some_and(|field| is_within(&field, &path_of(name)))
            });
            assert!(noticed, "{} of {body}", path_of(name));
        }
        let refused = refused(endpoint, body, &pointer, (UNHEARD, 7.into()));
        assert_eq!(refused, Some(path_of(UNHEARD)), "{body}");
    }
}

/// The objects of a body whose members are parameters: where they stand, and how that is told.
fn objects(endpoint: Endpoint, body: &Value) -> Vec<(String, String)> {
    let mut objects = vec![(String::new(), String::new())];
    if body["stream_options"].is_object() {
        objects.push(("/stream_options".to_owned(), "stream_options".to_owned()));
    }
    let list = match endpoint {
        Endpoint::Chat => "messages",
        Endpoint::Completions => return objects,
        Endpoint::Responses => "input",
    };
    let count = |value: &Value| value.as_array().map_or(0, Vec::len).min(MOST);
    for index in 0..count(&body[list]) {
        objects.push((format!("/{list}/{index}"), format!("{list}[{index}]")));
        for part in 0..count(&body[list][index]["content"]) {
            let pointer = format!("/{list}/{index}/content/{part}");
            objects.push((pointer, format!("{list}[{index}].content[{part}]")));
        }
    }
    objects
}

/// What is named as wrong in `body` where the object at `pointer` has `member`.
fn refused(endpoint: Endpoint, body: &Value, pointer: &str, (name, value): (&str, Value)) -> Option<String> {
    let mut body = body.clone();
    body.pointer_mut(pointer)?.as_object_mut()?.insert(name.to_owned(), value);
    endpoint.read(body).err().map(|error| error.violations()[0].field.clone())
}

/// Whether `field` is `path`, or stands in it.
fn is_within(field: &str, path: &str) -> bool {
    field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
