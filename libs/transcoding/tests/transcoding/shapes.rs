//! What people are shown of an rpc.

use serde_json::{Value, json};
use transcoding::{FieldShape, Scope, Shape, Transcoder};

use crate::shelf;

fn takes(rpc: &str) -> Shape {
    shelf().rpc(&format!("shelf.v1.Library/{rpc}")).unwrap().takes().unwrap()
}

fn example(shape: &Shape) -> Value {
    serde_json::from_str(&shape.example).unwrap()
}

fn field<'a>(shape: &'a Shape, path: &str) -> &'a FieldShape {
    shape.fields.iter().find(|field| field.path == path).unwrap_or_else(|| panic!("{path} in {shape:?}"))
}

#[test]
fn a_request_has_no_fields_of_answers() {
    let shape = takes("CreateBook");
    assert_eq!(shape.name, "shelf.v1.CreateBookRequest");
    let book = json!({"title": "string", "pages": "1", "subjects": ["string"], "color": "COLOR_RED"});
    assert_eq!(example(&shape), json!({"parent": "string", "book": book, "requestId": "string"}));
    let paths: Vec<_> = shape.fields.iter().map(|field| field.path.as_str()).collect();
    let within = ["book.title", "book.pages", "book.subjects[]", "book.color"];
    assert_eq!(paths, [&["parent", "book"], &within[..], &["requestId"]].concat());
    assert_eq!(field(&shape, "book.title").comment, "Required. What stands on its back.");
    assert_eq!(field(&shape, "book.color").kind, "COLOR_UNSPECIFIED | COLOR_RED | COLOR_BLUE");

    let rpc = shelf().rpc("shelf.v1.Library/CreateBook").unwrap();
    assert_eq!(field(&rpc.answers().unwrap(), "name").kind, "string");
    rpc.encode(shape.example.as_bytes()).unwrap();
}

#[test]
fn every_kind_of_field_has_an_example_that_is_taken() {
    let shape = takes("Plain");
    let shown = example(&shape);
    assert_eq!((&shown["byNumber"]["0"]["title"], &shown["numbers"]), (&json!("string"), &json!(["1"])));
    assert_eq!((&shown["time"], &shown["value"]), (&json!("2026-01-31T12:00:00Z"), &json!("any JSON")));
    assert_eq!((&shown["wrappedBool"], &shown["maybe"]), (&json!(false), &json!(1)));
    // One of those that exclude each other, and nothing that holds itself.
    assert_eq!(
        (&shown["word"], &shown["chosen"], &shown["inner"]),
        (&json!("string"), &Value::Null, &Value::Null)
    );
    assert_eq!(field(&shape, "word").kind, "string, or else chosen");
    assert_eq!(field(&shape, "byNumber.*").kind, "shelf.v1.Book");
    assert_eq!(field(&shape, "inner").kind, "shelf.v1.Everything");
    assert!(!shape.fields.iter().any(|field| field.path.starts_with("inner.")));
    let rpc = shelf().rpc("shelf.v1.Library/Plain").unwrap();
    rpc.encode(shape.example.as_bytes()).unwrap();
    assert_eq!(takes("Purge").example, "{}");
}

#[test]
fn every_rpc_of_ours_can_be_shown_and_takes_what_it_shows() {
    let ours = Transcoder::new(proto::DESCRIPTORS, &Scope::default()).unwrap();
    for rpc in ours.rpcs() {
        let shape = rpc.takes().unwrap();
        rpc.encode(shape.example.as_bytes()).unwrap_or_else(|wrong| panic!("{}: {wrong}", rpc.path()));
        rpc.answers().unwrap();
        assert!(!rpc.summary().is_empty(), "{} has no comment", rpc.path());
    }
}

#[test]
fn an_answer_for_people_stands_on_many_lines() {
    let rpc = shelf().rpc("shelf.v1.Library/GetBook").unwrap();
    assert_eq!(rpc.comment(), "Describes a book.");
    assert_eq!(shelf().rpc("shelf.v1.Library/ListBooks").unwrap().summary(), "Lists books");
    let told = String::from_utf8(rpc.decode_indented(b"\x0a\x01a").unwrap()).unwrap();
    assert!(told.starts_with("{\n  \"name\": \"a\",\n  \"title\": \"\",\n"), "{told}");
}
