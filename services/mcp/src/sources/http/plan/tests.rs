use fault::Fault;
use http::{HeaderMap, header::CONTENT_TYPE};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use url::Url;

use super::Plan;
use crate::config::HttpToolConfig;

fn described(toml: &str) -> HttpToolConfig {
    toml::from_str(toml).unwrap()
}

fn plan(toml: &str) -> Result<Plan, String> {
    Plan::new(Url::parse("https://api.example.com/v2/").unwrap(), &described(toml))
}

fn asked(plan: &Plan, arguments: &Value) -> egress::Request {
    plan.request(arguments.as_object().unwrap(), &HeaderMap::new(), "req-1").unwrap()
}

fn arguments(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

const SEARCH: &str = r#"
path = "/items/{category}/search"
query = { q = "{query}", tag = "{tags}", page = "{page}", size = 20, exact = true }
headers = { x-locale = "{locale}" }
[parameters]
category = { type = "string" }
query = { type = "string" }
tags = { type = "array", optional = true }
page = { type = "integer", optional = true }
locale = { type = "string", optional = true }
"#;

#[test]
fn arguments_go_to_their_places() {
    let plan = plan(SEARCH).unwrap();
    let request = asked(
        &plan,
        &json!({"category": "desks", "query": "red & blue", "tags": ["a", "b"], "locale": "ko"}),
    );
    assert_eq!(
        request.url.as_str(),
        "https://api.example.com/v2/items/desks/search?exact=true&q=red+%26+blue&size=20&tag=a&tag=b"
    );
    assert_eq!(request.headers["x-locale"], "ko");
    let request = asked(&plan, &json!({"category": "desks", "query": "", "page": 2}));
    assert!(request.url.query().unwrap().contains("page=2&q=&"), "{}", request.url);
    assert!(!request.headers.contains_key("x-locale"));
}

#[test]
fn bodies_keep_the_types_of_arguments() {
    let json_body = r#"
method = "POST"
path = "/orders"
idempotency_header = "idempotency-key"
body = { order = { items = "{items}", note = "by {who}", gift = "{gift}", source = "tool", fixed = [1, "{who}"] } }
[parameters]
items = { type = "array" }
who = { type = "string" }
gift = { type = "boolean", optional = true }
"#;
    let request = asked(&plan(json_body).unwrap(), &json!({"items": [{"id": 1}], "who": "a\"b"}));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let expected =
        json!({"order": {"items": [{"id": 1}], "note": "by a\"b", "source": "tool", "fixed": [1, "a\"b"]}});
    assert_eq!(body, expected);
    assert_eq!(request.headers[CONTENT_TYPE], "application/json");
    assert_eq!(request.headers["idempotency-key"], "req-1");

    let form =
        "method = \"POST\"\npath = \"/f\"\nform = { a = \"{a}\" }\n[parameters]\na = { type = \"string\" }";
    let request = asked(&plan(form).unwrap(), &json!({"a": "x&b=y"}));
    assert_eq!(request.body, "a=x%26b%3Dy");
}

#[test]
fn a_body_that_is_written_empty_is_sent_and_one_that_stays_empty_is_not() {
    let body = |body: &str, parameters: &str| {
        let toml = format!("method = \"POST\"\npath = \"/x\"\nbody = {body}\n{parameters}");
        asked(&plan(&toml).unwrap(), &json!({})).body
    };
    assert_eq!(body("{}", ""), "{}");
    assert_eq!(body("{ a = \"{a}\" }", "[parameters]\na = { optional = true }"), "");
}

#[test]
fn what_does_not_fit_together_is_told_by_its_field() {
    for (toml, said) in [
        ("path = \"items\"", "path"),
        ("path = \"/../x\"", "path"),
        ("path = \"/x\"\nmethod = \"FETCH\"", "method"),
        ("path = \"/x\"\nmethod = \"CONNECT\"", "method"),
        ("path = \"/{id}\"", "parameters.id"),
        ("path = \"/x\"\n[parameters]\na = {}", "parameters.a"),
        ("path = \"/{a}\"\n[parameters]\na = { optional = true }", "parameters.a"),
        ("path = \"/x\"\nquery = { q = \"{\" }", "query.q"),
        ("path = \"/x\"\nquery = { q = [1] }", "query.q"),
        ("path = \"/x\"\nheaders = { host = \"x\" }", "headers.host"),
        ("path = \"/x\"\nheaders = { \"a b\" = \"x\" }", "headers.a b"),
        ("path = \"/x\"\nbody = { a = \"{\" }\nmethod = \"POST\"", "body.a"),
        ("path = \"/x\"\nbody = { a = 1 }", "body"),
        ("path = \"/x\"\nmethod = \"POST\"\nbody = { a = 1 }\nform = { a = 1 }", "body"),
        ("path = \"/x\"\nidempotency_header = \"host\"", "idempotency_header"),
    ] {
        let problem = plan(toml).unwrap_err();
        assert!(problem.contains(said), "{toml}: {problem}");
    }
}

#[test]
fn arguments_that_cannot_stand_there_are_named() {
    let plan = plan(SEARCH).unwrap();
    for (given, field) in [
        (json!({"category": "..", "query": "x"}), "arguments.category"),
        (json!({"category": "", "query": "x"}), "arguments.category"),
        (json!({"category": "a", "query": {"b": 1}}), "arguments.query"),
        (json!({"category": "a", "query": "x", "tags": [{}]}), "arguments.tags"),
        (json!({"category": "a", "query": "x", "locale": "ko\r\nx-admin: 1"}), "arguments.locale"),
        (json!({"category": "a", "query": "x".repeat(20_000)}), "arguments"),
        (json!({"query": "x"}), "arguments.category"),
    ] {
        let error = plan.request(&arguments(&given), &HeaderMap::new(), "").unwrap_err();
        assert_eq!(error.violations()[0].field, field, "{given:.60}: {error}");
    }
}

proptest! {
    /// Whatever an argument is, it stays in its place: host, other segments, other parameters and headers are as described.
    #[test]
    fn no_argument_leaves_its_place(category in ".*", query in ".*", locale in ".*") {
        let plan = plan(SEARCH).unwrap();
        let given = arguments(&json!({"category": category, "query": query, "locale": locale}));
        let Ok(request) = plan.request(&given, &HeaderMap::new(), "") else { return Ok(()) };
        prop_assert_eq!(request.url.host_str(), Some("api.example.com"));
        let segments: Vec<_> = request.url.path_segments().unwrap().collect();
        prop_assert_eq!(segments.len(), 4, "{}", request.url);
        prop_assert_eq!((segments[0], segments[1], segments[3]), ("v2", "items", "search"));
        let pairs: Vec<_> = request.url.query_pairs().collect();
        prop_assert_eq!(pairs.len(), 3);
        prop_assert_eq!(&*pairs[1].1, query.as_str());
        prop_assert!(request.url.fragment().is_none());
        prop_assert_eq!(request.headers.len(), 2);
    }
}
