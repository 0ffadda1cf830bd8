//! Annotations that can be served, and those that cannot.

use http::Method;
use transcoding::{Found, Scope, Transcoder, TranscodingError};

use crate::{
    descriptors::{SHELF, compiled},
    shelf,
};

/// A service with one rpc, its annotation and another rpc, perhaps.
fn rule(annotation: &str, more: &str) -> Result<Transcoder, TranscodingError> {
    let source = format!(
        "syntax = \"proto3\"; package t; import \"google/api/annotations.proto\";\n\
         message M {{ string a = 1; M inner = 2; repeated string list = 3; map<string, string> map = 4; }}\n\
         service S {{ rpc One(M) returns (M) {{ option (google.api.http) = {{ {annotation} }}; }} {more} }}"
    );
    Transcoder::new(&compiled(&source), &Scope::default())
}

#[test]
fn what_cannot_be_served_is_refused_with_the_rpc_and_the_reason() {
    for (annotation, reason) in [
        ("body: '*'", "names no method and path"),
        ("get: 'v1/a'", "begin with a slash"),
        ("get: '/v1/{b}'", "\"b\", which is no field of t.M"),
        ("get: '/v1/{inner}'", "is a message"),
        ("get: '/v1/{inner.b}'", "no field"),
        ("get: '/v1/{list}'", "many values"),
        ("get: '/v1/{map}'", "many values"),
        ("get: '/v1/{a.b}'", "no field"),
        ("get: '/v1/a' body: '*'", "GET has no body"),
        ("post: '/v1/a' body: 'b'", "`body` names \"b\""),
        ("post: '/v1/a' body: 'inner.a'", "`body` names"),
        ("get: '/v1/a' response_body: 'b'", "`response_body` names \"b\""),
        ("custom { kind: '*' path: '/v1/a' }", "one word in capitals"),
        (
            "get: '/v1/a' additional_bindings { get: '/v1/b' additional_bindings { get: '/v1/c' } }",
            "their own",
        ),
        ("get: '/v1/a' additional_bindings { get: '/v1/{b=**}/c' }", "last"),
    ] {
        let told = rule(annotation, "").unwrap_err().to_string();
        assert!(told.contains("t.S.One") && told.contains(reason), "{annotation}: {told}");
    }
    let stream = "rpc Two(stream M) returns (M) { option (google.api.http).post = '/v1/b'; }";
    assert!(rule("get: '/v1/a'", stream).unwrap_err().to_string().contains("stream of requests"));
}

#[test]
fn two_that_fit_the_same_requests_are_refused() {
    let told = |more: &str| rule("get: '/v1/{a=x/*}'", more).map(drop).map_err(|error| error.to_string());
    let twin = "rpc Two(M) returns (M) { option (google.api.http).get = '/v1/x/{a}'; }";
    assert!(told(twin).unwrap_err().contains("t.S.One fits the same GET requests"));
    let other_method = "rpc Two(M) returns (M) { option (google.api.http).delete = '/v1/x/{a}'; }";
    told(other_method).unwrap();
    let other_verb = "rpc Two(M) returns (M) { option (google.api.http).get = '/v1/x/{a}:go'; }";
    told(other_verb).unwrap();
}

#[test]
fn a_scope_chooses_services_and_whether_every_rpc_is_served() {
    let descriptors = compiled(SHELF);
    let scope = Scope { services: vec!["shelf.v1.Missing".to_owned()], ..Scope::default() };
    let told = Transcoder::new(&descriptors, &scope).unwrap_err().to_string();
    assert_eq!(told, "there is no service shelf.v1.Missing");
    assert!(matches!(Transcoder::new(b"nonsense", &scope), Err(TranscodingError::Descriptors(_))));

    let annotated = Scope { services: vec!["shelf.v1.Library".to_owned()], ..Scope::default() };
    let annotated = Transcoder::new(&descriptors, &annotated).unwrap();
    for (method, path, found) in [
        ("POST", "/shelf.v1.Library/Plain", true),
        ("POST", "/shelf.v1.Library/GetBook", true),
        ("POST", "/shelf.v1.Library/Gather", false),
        ("GET", "/shelf.v1.Library/Plain", false),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(matches!(shelf().find(&method, path), Found::Route(_)), found, "{method} {path}");
        assert!(matches!(annotated.find(&method, path), Found::Nothing));
    }
}

#[test]
fn a_path_that_is_taken_otherwise_says_how() {
    let found = |method: Method, path: &str| match shelf().find(&method, path) {
        Found::Route(route) => route.rpc().path().to_owned(),
        Found::OtherMethods(methods) => format!("{methods:?}"),
        Found::Nothing => "nothing".to_owned(),
    };
    assert_eq!(found(Method::GET, "/v1/shelves/a/books"), "/shelf.v1.Library/ListBooks");
    assert_eq!(found(Method::POST, "/v1/shelves/a/books"), "/shelf.v1.Library/CreateBook");
    assert_eq!(found(Method::PUT, "/v1/shelves/a/books"), "[GET, POST]");
    assert_eq!(found(Method::GET, "/v1/books:watch"), "/shelf.v1.Library/WatchBooks");
    assert_eq!(found(Method::POST, "/v1/shelves/a/books/b:checkOut"), "/shelf.v1.Library/CheckOut");
    assert_eq!(found(Method::from_bytes(b"PURGE").unwrap(), "/v1/shelves"), "/shelf.v1.Library/Purge");
    assert_eq!(found(Method::GET, "/v1/shelves"), "[PURGE]");
    assert_eq!(found(Method::GET, "/v2/books"), "nothing");
    assert_eq!(found(Method::GET, "*"), "nothing");
}
