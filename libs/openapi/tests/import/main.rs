//! Documents as teams have them, and as nobody should.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;

use openapi::{Document, Media, OpenApiError, Place};
use serde_json::{Value, json};

const PETS: &str = include_str!("pets.yaml");

fn pets() -> Document {
    Document::parse(PETS).unwrap()
}

#[test]
fn operations_are_listed_with_names_of_their_own() {
    let document = pets();
    let ids: Vec<_> = document.operations().iter().map(|listed| listed.id.as_str()).collect();
    assert_eq!(ids, ["listPets", "createPet", "get_pets_petId", "updatePet", "uploadPicture"]);
    assert_eq!(document.server(), Some("https://pets.example/v1"));
    let missing = document.operation("sellPet").unwrap_err();
    assert!(missing.to_string().contains("createPet"), "{missing}");
}

#[test]
fn names_that_are_made_are_unlike_each_other_and_those_that_are_given() {
    let document = Document::parse(
        "openapi: 3.1.0\npaths:\n  /a: {get: {operationId: get_a_b_2}}\n  /a-b: {get: {}}\n  /a.b: {get: {}}\n  \
         /a_b: {get: {}}\n",
    );
    let document = document.unwrap();
    let ids: Vec<_> = document.operations().iter().map(|listed| listed.id.as_str()).collect();
    assert_eq!(ids, ["get_a_b_2", "get_a_b", "get_a_b_3", "get_a_b_4"]);
}

#[test]
fn parameters_keep_their_places_and_get_plain_names() {
    let list = pets().operation("listPets").unwrap();
    let told: Vec<_> = list
        .parameters
        .iter()
        .map(|it| (it.name.as_str(), it.argument.as_str(), it.place, it.required, it.joined))
        .collect();
    assert_eq!(
        told,
        [
            ("limit", "limit", Place::Query, false, false),
            ("filter[kind]", "filter_kind", Place::Query, true, false),
            ("tags", "tags", Place::Query, false, true),
            ("X-Request-Source", "X-Request-Source", Place::Header, false, false),
        ]
    );
    let limit = &list.parameters[0];
    assert_eq!(limit.schema["maximum"], 100);
    assert_eq!(limit.schema["description"], "How many at once.");
    let one = pets().operation("get_pets_petId").unwrap();
    assert_eq!((one.method.as_str(), one.path.as_str()), ("GET", "/pets/{petId}"));
    assert!(one.parameters[0].required);
}

#[test]
fn bodies_become_fields_where_they_can() {
    let create = pets().operation("createPet").unwrap();
    let body = create.body.unwrap();
    let fields = body.fields.unwrap();
    let names: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
    // `id` is the API's to set, and `parent` is a pet itself.
    assert_eq!(names, [("kind", false), ("name", true), ("note", false), ("parent", false)]);
    assert_eq!(body.media, Media::Json);
    assert_eq!(fields[2].schema["type"], json!(["string", "null"]));
    assert_eq!(fields[3].schema["$ref"], "#/$defs/Pet");
    let pet = &create.definitions["Pet"];
    assert!(pet["properties"].get("id").is_none() && pet["required"] == json!(["name"]), "{pet}");
    assert_eq!(pet["properties"]["age"]["exclusiveMinimum"], 0);

    let update = pets().operation("updatePet").unwrap();
    let whole = update.body.unwrap().whole.unwrap();
    assert_eq!(whole.argument, "body");
    assert!(whole.schema["oneOf"].is_array());
    assert_eq!(update.parameters[0].argument, "petId", "described at the path");
    assert!(matches!(pets().operation("uploadPicture"), Err(OpenApiError::Unusable { .. })));
}

#[test]
fn answers_are_described_on_their_own() {
    let answer = pets().operation("listPets").unwrap().answer.unwrap();
    assert_eq!(answer["items"]["$ref"], "#/$defs/Pet");
    let pet = &answer["$defs"]["Pet"];
    assert!(pet["properties"].get("id").is_some(), "{pet}");
    assert!(
        pet["properties"].get("secret").is_none() && pet["properties"]["id"].get("format").is_none(),
        "{pet}"
    );
    assert_eq!(pets().operation("updatePet").unwrap().answer, None);
}

#[test]
fn the_shops_own_document_is_read() {
    let document = Document::parse(include_str!("../../../../tools/shop/src/openapi.json")).unwrap();
    let search = document.operation("searchItems").unwrap();
    assert_eq!(search.parameters.len(), 4);
    assert_eq!(search.parameters[2].argument, "page");
    assert!(search.answer.unwrap()["$defs"]["Item"].is_object());
}

/// A document with one operation, of these parameters and schemas.
fn with(parameters: &Value, schemas: &Value) -> Document {
    let document = json!({
        "openapi": "3.1.0",
        "paths": {"/x": {"get": {"operationId": "x", "parameters": parameters}}},
        "components": {"schemas": schemas},
    });
    Document::parse(&document.to_string()).unwrap()
}

fn asked(schema: &Value, schemas: &Value) -> Result<openapi::Operation, OpenApiError> {
    with(&json!([{"name": "a", "in": "query", "required": true, "schema": schema}]), schemas).operation("x")
}

#[test]
fn nothing_outside_of_the_document_is_read() {
    for target in ["https://evil.example/x.json", "other.yaml#/a", "file:///etc/passwd", "#/nowhere", ""] {
        let error = asked(&json!({ "$ref": target }), &json!({})).unwrap_err().to_string();
        assert!(error.starts_with("/paths/~1x/get/parameters/0/schema"), "{target}: {error}");
    }
    assert!(asked(&json!({"$dynamicRef": "#a"}), &json!({})).is_err());
}

#[test]
fn references_that_go_round_end() {
    let around = json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}});
    asked(&json!({"$ref": "#/components/schemas/A"}), &around).unwrap();
    let parameters = json!([{"$ref": "#/components/parameters/p"}]);
    let mut document: Value = json!({
        "openapi": "3.1.0",
        "paths": {"/x": {"get": {"operationId": "x", "parameters": parameters}}},
        "components": {"parameters": {"p": {"$ref": "#/components/parameters/p"}}},
    });
    assert!(Document::parse(&document.to_string()).unwrap().operation("x").is_err());
    document["paths"] = json!({"/x": {"$ref": "#/paths/~1x"}});
    assert!(Document::parse(&document.to_string()).is_err());
}

#[test]
fn large_and_deep_schemas_are_refused() {
    let mut deep = json!({"type": "string"});
    for _ in 0..45 {
        deep = json!({"items": deep});
    }
    asked(&deep, &json!({})).unwrap();
    let deeper = json!({"items": {"items": {"items": {"items": deep}}}});
    assert!(asked(&deeper, &json!({})).is_err());

    let many: Value = (0..1100)
        .map(|n| (format!("S{n}"), json!({"$ref": format!("#/components/schemas/S{}", n + 1)})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert!(asked(&json!({"$ref": "#/components/schemas/S0"}), &many).is_err());

    let wide: Value =
        (0..21_000).map(|n| (format!("p{n}"), json!({}))).collect::<serde_json::Map<_, _>>().into();
    assert!(asked(&json!({ "properties": wide }), &json!({})).is_err());
}

#[test]
fn what_is_no_document_is_told() {
    let mut twins = String::from("openapi: 3.0.0\npaths:\n");
    for path in ["a", "b"] {
        writeln!(twins, "  /{path}: {{get: {{operationId: same}}}}").unwrap();
    }
    for (text, said) in [
        ("", "openapi"),
        ("swagger: '2.0'", "3.0"),
        ("openapi: 4.0.0", "3.0"),
        ("just words", "openapi"),
        (twins.as_str(), "same"),
    ] {
        let error = Document::parse(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}
