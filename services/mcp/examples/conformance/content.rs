//! Tools that answer at once, with every kind of content.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::json;
use tokio::time::sleep;
use tools::{Ask, Content, Output, Question, Questions, Step};

use crate::script::{Script, text};

/// A red pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// No sound at all.
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

pub(crate) fn png() -> Bytes {
    BASE64_STANDARD.decode(PNG).unwrap().into()
}

pub(crate) fn image() -> Content {
    Content::Image { data: png(), media_type: "image/png".to_owned() }
}

fn pieces(content: Vec<Content>) -> Output {
    Output { structured: None, content, is_error: false }
}

fn resource(uri: &str, media_type: &str, data: &'static str) -> Content {
    Content::Resource { uri: uri.to_owned(), media_type: media_type.to_owned(), data: data.into() }
}

pub(crate) fn tools() -> Vec<Script> {
    let audio = Content::Audio {
        data: BASE64_STANDARD.decode(WAV).unwrap().into(),
        media_type: "audio/wav".to_owned(),
    };
    let embedded =
        resource("test://embedded-resource", "text/plain", "This is an embedded resource content.");
    let mixed = vec![
        Content::Text("Multiple content types test:".to_owned()),
        image(),
        resource("test://mixed-content-resource", "application/json", "{\"test\":\"data\",\"value\":123}"),
    ];
    vec![
        // The suite calls the first of all tools without arguments and expects an answer.
        Script::saying("a_first_tool", Output::text("First.")),
        Script::saying("test_simple_text", Output::text("This is a simple text response for testing.")),
        Script::saying("test_image_content", pieces(vec![image()])),
        Script::saying("test_audio_content", pieces(vec![audio])),
        Script::saying("test_embedded_resource", pieces(vec![embedded])),
        Script::saying("test_multiple_content_types", pieces(mixed)),
        Script::saying(
            "test_error_handling",
            Output::refusal("This tool intentionally returns an error for testing"),
        ),
        Script::saying("test_logging_tool", Output::text("Nothing is logged to clients.")),
        Script::saying("json_schema_2020_12_tool", Output::text("It fits."))
            .described("Tool with JSON Schema 2020-12 features")
            .taking(schema()),
        Script::saying("test_header_param", Output::text("Header and body agree.")).taking(json!({
            "type": "object",
            "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        })),
        Script::new(
            "greet",
            |call| async move { Ok(Output::text(format!("Hello, {}!", text(&call, "name")))) },
        )
        .taking(json!({"type": "object", "properties": {"name": {"type": "string"}}})),
        Script::new("test_tool_with_progress", |call| async move {
            for done in [0.0, 50.0, 100.0] {
                call.progress.step(Step { done, total: Some(100.0), message: None });
                sleep(Duration::from_millis(50)).await;
            }
            Ok(Output::text("Done."))
        }),
        Script::new("test_missing_capability", |_| async move {
            let ask = Ask::Text { prompt: "Say something.".to_owned(), max_tokens: 10 };
            let questions = vec![Question { id: "something".to_owned(), ask }];
            Err(Questions { questions, state: None }.into())
        }),
    ]
}

/// Every keyword that has to come through as it is.
fn schema() -> serde_json::Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}
