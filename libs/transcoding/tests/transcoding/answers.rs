//! Messages as JSON.

use serde_json::{Value, json};
use transcoding::{Limits, Route};

use crate::{route, shelf, shelf_with};

fn get(method: &str, target: &str) -> Route {
    route(&shelf(), method, target).unwrap().0
}

fn told(route: &Route, message: &[u8]) -> Value {
    serde_json::from_slice(&route.decode(message).unwrap()).unwrap()
}

#[test]
fn defaults_are_told_and_absent_fields_are_not() {
    let book = json!({"name": "", "title": "T", "pages": "0", "subjects": [], "color": "COLOR_UNSPECIFIED"});
    assert_eq!(told(&get("GET", "/v1/shelves/a/books/b"), b"\x12\x01T"), book);
    let empty = told(&get("GET", "/v1/mirror"), b"");
    for absent in ["maybe", "word", "chosen", "inner", "time", "bag", "wrappedBool", "any"] {
        assert_eq!(empty.get(absent), None, "{absent}");
    }
    assert_eq!(
        (&empty["uint64"], &empty["byNumber"], &empty["numbers"]),
        (&json!("0"), &json!({}), &json!([]))
    );
}

#[test]
fn an_answer_may_be_one_field_of_its_message() {
    let check_out = get("POST", "/v1/shelves/a/books/b:checkOut");
    assert_eq!(told(&check_out, b"\x0a\x03\x12\x01T")["title"], "T");
    assert_eq!(told(&check_out, b""), Value::Null);
    // At the path that every rpc has it is the whole message.
    assert_eq!(told(&get("POST", "/shelf.v1.Library/CheckOut"), b"\x0a\x03\x12\x01T")["book"]["title"], "T");
}

#[test]
fn what_is_no_message_or_too_large_is_a_fault_of_ours() {
    let book = get("GET", "/v1/shelves/a/books/b");
    assert!(book.decode(b"\xff").unwrap_err().to_string().starts_with("the answer cannot be told"));
    let small = shelf_with(Limits { answer_bytes: 3, ..Limits::default() });
    let (book, _) = route(&small, "GET", "/v1/shelves/a/books/b").unwrap();
    book.decode(b"\x12\x01T").unwrap();
    assert!(book.decode(b"\x12\x02TT").unwrap_err().to_string().contains("larger than 3 bytes"));
}
