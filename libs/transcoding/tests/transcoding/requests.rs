//! Paths, queries and bodies as messages.

use serde_json::{Value, json};
use transcoding::{Limits, TranscodingError};

use crate::{shelf_with, take, take_with, wrong};

fn taken(method: &str, target: &str, body: &str) -> (String, Value) {
    take(method, target, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

/// What is said of the only wrong field.
fn one_wrong(method: &str, target: &str, body: &str) -> (String, String) {
    let mut wrong = wrong(method, target, body);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    wrong.remove(0)
}

#[test]
fn path_and_query_become_fields() {
    let target = "/v1/shelves/a%20b/books?pageSize=5&filter.colors=COLOR_RED&filter.colors=2\
                  &filter.after=2026-01-31T12:00:00Z";
    let filter = json!({"colors": ["COLOR_RED", "COLOR_BLUE"], "after": "2026-01-31T12:00:00Z"});
    let expected = json!({"parent": "shelves/a b", "pageSize": 5, "filter": filter});
    assert_eq!(taken("GET", target, ""), ("ListBooks".to_owned(), expected.clone()));
    assert_eq!(taken("GET", &target.replace("pageSize", "page_size"), "").1, expected, "either name will do");
    assert_eq!(taken("GET", "/v1/books?parent=a+b%2B&&", "").1, json!({"parent": "a b+"}));
    assert_eq!(taken("GET", "/v1/books?parent", "").1, json!({}));
    let mirror = "/v1/mirror?bool=true&bytes=-_8&double=-1.5e3&fixed64=18446744073709551615&maybe=0\
                  &numbers=1&numbers=-2&duration=1.5s&mask=name,pageSize&wrappedBool=false&wrappedNumber=7\
                  &inner.inner.word=deep&time=2026-01-31T12:00:00.5%2B09:00";
    let expected = json!({
        "bool": true, "bytes": "+/8=", "double": -1500.0, "fixed64": "18446744073709551615", "maybe": 0,
        "numbers": ["1", "-2"], "duration": "1.500s", "mask": "name,pageSize", "wrappedBool": false,
        "wrappedNumber": "7", "inner": {"inner": {"word": "deep"}}, "time": "2026-01-31T03:00:00.500Z",
    });
    assert_eq!(taken("GET", mirror, "").1, expected);
}

#[test]
fn a_path_may_hold_numbers_enums_and_truth() {
    let expected = json!({"int32": -5, "color": "COLOR_RED", "bool": true, "bag": {"a": [1.0]}, "word": "w"});
    assert_eq!(taken("PUT", "/v1/mirror/-5/COLOR_RED/true?word=w", r#"{"a": [1]}"#).1, expected);
    let wrong = wrong("PUT", "/v1/mirror/x/COLOR_GREEN/yes", "");
    let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["int32", "color", "bool"]);
    assert!(wrong[1].1.contains("one of COLOR_UNSPECIFIED, COLOR_RED, COLOR_BLUE, got \"COLOR_GREEN\""));
}

#[test]
fn a_body_is_a_field_or_the_whole_message() {
    let (rpc, message) =
        taken("POST", "/v1/shelves/a/books?requestId=r", r#"{"title": "T", "pages": "9", "color": 1}"#);
    assert_eq!(rpc, "CreateBook");
    let book = json!({"title": "T", "pages": "9", "color": "COLOR_RED"});
    assert_eq!(message, json!({"parent": "shelves/a", "requestId": "r", "book": book}));

    let (_, message) =
        taken("POST", "/v1/shelves/a/books/b:checkOut", r#"{"reader": "R", "lentFor": "3600s"}"#);
    assert_eq!(message, json!({"name": "shelves/a/books/b", "reader": "R", "lentFor": "3600s"}));
    let (_, message) = taken("POST", "/v1/shelves/a/books/b:checkOut", "");
    assert_eq!(message, json!({"name": "shelves/a/books/b"}), "an empty body is an empty message");
    let (_, message) = taken("POST", "/v1/shelves/a/books/b:checkOut", r#"{"reader": null}"#);
    assert_eq!(message, json!({"name": "shelves/a/books/b"}), "null is absence");
    assert_eq!(taken("PURGE", "/v1/shelves", ""), ("Purge".to_owned(), json!({})));
}

#[test]
fn an_update_may_repeat_what_stands_in_its_path_but_not_contradict_it() {
    let path = "/v1/shelves/a/books/b?updateMask=title";
    let expected = json!({"book": {"name": "shelves/a/books/b", "title": "T"}, "updateMask": "title"});
    assert_eq!(taken("PATCH", path, r#"{"title": "T"}"#).1, expected);
    assert_eq!(taken("PATCH", path, r#"{"name": "shelves/a/books/b", "title": "T"}"#).1, expected);
    let (field, told) = one_wrong("PATCH", path, r#"{"name": "shelves/a/books/c"}"#);
    assert_eq!((field.as_str(), told.contains("given twice")), ("book.name", true), "{told}");
    let (field, _) = one_wrong("POST", "/v1/shelves/a/books/b:checkOut", r#"{"name": "shelves/x/books/b"}"#);
    assert_eq!(field, "name");
}

#[test]
fn every_kind_of_field_is_read_from_json_and_told_again() {
    let everything = json!({
        "double": "NaN", "float": 1.5, "int32": -1, "int64": "-9223372036854775808", "uint32": 4_294_967_295_u32,
        "uint64": "18446744073709551615", "sint32": -7, "fixed64": "8", "bool": true, "string": "s\u{1f600}",
        "bytes": "AAE=", "color": "COLOR_BLUE", "numbers": ["1", "2"], "byNumber": {"-3": {"title": "x"}},
        "byTruth": {"true": "yes"}, "maybe": 0, "chosen": {"title": "c"}, "inner": {"string": "i"},
        "time": "2026-01-31T12:00:00Z", "duration": "-1.500s", "bag": {"a": {"b": [null, true, 1.5, "x"]}},
        "value": null, "list": [1.0, "x"], "mask": "name,pageSize",
        "any": {"@type": "type.googleapis.com/shelf.v1.Book", "title": "any"},
        "wrappedBool": false, "wrappedNumber": "-5", "wrappedDouble": 2.5,
        "many": [{"int32": 1}, {}],
    });
    assert_eq!(taken("POST", "/v1/mirror", &everything.to_string()).1, everything);
    let by_own_names =
        r#"{"by_number": {"1": {}}, "wrapped_bool": true, "int32": 5e0, "uint64": 7, "nothing": null}"#;
    let told = json!({"byNumber": {"1": {}}, "wrappedBool": true, "int32": 5, "uint64": "7"});
    assert_eq!(taken("POST", "/v1/mirror", by_own_names).1, told);
}

#[test]
fn what_does_not_fit_is_named_with_what_was_expected() {
    let body = r#"{"int32": "x", "colour": 1, "inner": {"many": [{"bool": 1}, 5]}, "numbers": [null],
                   "byTruth": {"maybe": "x"}, "time": "noon", "bag": [], "list": {}, "any": {},
                   "wrappedDouble": "NaN", "bytes": "?", "byNumber": [], "many": {}}"#;
    let mut wrong = wrong("POST", "/v1/mirror", body);
    wrong.sort();
    let told: Vec<_> = wrong.iter().map(|(field, told)| format!("{field}: {told}")).collect();
    assert_eq!(
        told,
        [
            "any: expected an object with the message's type in `@type`, got an object: expected '@type' field",
            "bag: expected an object, got a list",
            "byNumber: expected an object, got a list",
            "byTruth.maybe: as a key: expected true or false, got \"maybe\"",
            "bytes: expected bytes in base64, got \"?\"",
            "colour: shelf.v1.Everything has no such field",
            "inner.many[0].bool: expected true or false, got 1",
            "inner.many[1]: expected an object, got 5",
            "int32: expected a whole number from -2147483648 to 2147483647, got \"x\"",
            "list: expected a list, got an object: invalid type: map, expected a list",
            "many: expected a list, got an object",
            "numbers[0]: expected a whole number of 64 bits, or its digits as text, got null",
            "time: expected a time such as \"2026-01-31T12:00:00Z\", got \"noon\"",
            "wrappedDouble: expected a finite number, got \"NaN\"",
        ]
    );
    assert_eq!(one_wrong("POST", "/v1/mirror", "[]").1, "expected an object, got a list");
}

#[test]
fn nothing_is_given_twice() {
    let (field, told) = one_wrong("GET", "/v1/books?pageSize=1&page_size=1", "");
    assert_eq!((field.as_str(), told.as_str()), ("page_size", "is given twice"));
    let (field, told) = one_wrong("POST", "/v1/mirror", r#"{"byNumber": {}, "by_number": {}}"#);
    assert_eq!((field.as_str(), told.as_str()), ("by_number", "is given twice"));
    let (_, told) = one_wrong("POST", "/v1/mirror", r#"{"word": "a", "chosen": {}}"#);
    assert!(told.contains("cannot be given beside"), "{told}");
    let (field, told) = one_wrong("GET", "/v1/mirror?word=a&chosen.title=b", "");
    assert_eq!((field.as_str(), told.contains("beside word")), ("chosen.title", true), "{told}");
    let (field, _) = one_wrong("GET", "/v1/shelves/a/books?parent=shelves/a", "");
    assert_eq!(field, "parent");
    let error = take("POST", "/v1/mirror", r#"{"int32": 1, "int32": 2}"#).unwrap_err();
    assert!(error.to_string().contains("\"int32\" is given twice"), "{error}");
}

#[test]
fn a_query_takes_what_it_can_and_refuses_the_rest_by_name() {
    for (target, field, reason) in [
        ("/v1/books?page=1", "page", "no such field"),
        ("/v1/books?filter=x", "filter", "is a message"),
        ("/v1/books?filter.labels=x", "filter.labels", "cannot be given in the query"),
        ("/v1/books?filter.labels.a=x", "filter.labels.a", "no such field"),
        ("/v1/books?pageSize=", "pageSize", "whole number"),
        ("/v1/books?%FF=1", "(query)", "no text"),
        ("/v1/mirror?bag=x", "bag", "is a message"),
        ("/v1/mirror?many.int32=1", "many.int32", "no such field"),
        ("/v1/mirror?time.seconds=1", "time.seconds", "no such field"),
    ] {
        let (named, told) = one_wrong("GET", target, "");
        assert!(named == field && told.contains(reason), "{target}: {named}: {told}");
    }
    let deep = |depth: usize| format!("/v1/mirror?{}word=x", "inner.".repeat(depth));
    taken("GET", &deep(31), "");
    assert!(one_wrong("GET", &deep(32), "").1.contains("no such field"));
    let (field, told) = one_wrong("POST", "/v1/shelves/a/books/b:checkOut?reader=R", "{}");
    assert_eq!((field.as_str(), told.as_str()), ("reader", "is taken in the body, not in the query"));
    let (field, _) = one_wrong("POST", "/v1/shelves/a/books?book.title=T", "{}");
    assert_eq!(field, "book.title");
    let (field, _) = one_wrong("GET", "/v1/books", "{}");
    assert_eq!(field, "(body)");
}

#[test]
fn how_much_may_come_is_limited() {
    let small =
        shelf_with(Limits { query_parameters: 2, body_bytes: 20, json_depth: 4, ..Limits::default() });
    take_with(&small, "GET", "/v1/mirror?numbers=1&numbers=2", "").unwrap();
    let error = take_with(&small, "GET", "/v1/mirror?numbers=1&numbers=2&numbers=3", "").unwrap_err();
    assert!(error.to_string().contains("has 3 parameters, of which at most 2"), "{error}");
    let error = take_with(&small, "POST", "/v1/mirror", r#"{"string": "0123456789"}"#).unwrap_err();
    assert!(matches!(error, TranscodingError::BodyTooLarge { limit: 20 }), "{error}");
    let error = take_with(&small, "POST", "/v1/mirror", r#"{"list":[[[[]]]]}"#).unwrap_err();
    assert!(error.to_string().contains("more than 4 deep"), "{error}");
}

#[test]
fn what_prost_could_not_read_is_refused_and_what_it_can_is_taken() {
    // A structure in a field, with values at this depth.
    let nested = |depth: usize| format!(r#"{{"bag": {}1{}}}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth));
    taken("POST", "/v1/mirror", &nested(32));
    let deep = (33..60).map(|depth| take("POST", "/v1/mirror", &nested(depth)));
    assert!(deep.skip(2).all(|taken| taken.unwrap_err().to_string().contains("nested too deep")));
    // `take` decodes what it made, so that it fails where the bound is too wide.
    let nested =
        |depth: usize| format!("{}{}", r#"{"inner":"#.repeat(depth), "{}".to_owned() + &"}".repeat(depth));
    let wide = shelf_with(Limits { json_depth: 100, ..Limits::default() });
    take_with(&wide, "POST", "/v1/mirror", &nested(98)).unwrap();
}
