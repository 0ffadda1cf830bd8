use serde_json::{Value, json};

use super::{Piece, Told};
use crate::FederationError;

fn one(piece: &Value) -> Result<Piece, FederationError> {
    Told::read(json!({"content": [piece]})).map(|told| told.content.into_iter().next().unwrap())
}

#[test]
fn every_kind_of_piece_is_read() {
    assert_eq!(one(&json!({"type": "text", "text": "a\u{1b}[1mb"})).unwrap(), Piece::Text("ab".to_owned()));
    let image = one(&json!({"type": "image", "data": "AQI=", "mimeType": "image/png", "_meta": {"a": 1}}));
    assert_eq!(image.unwrap(), Piece::Image { data: vec![1, 2].into(), media_type: "image/png".to_owned() });
    let audio = one(&json!({"type": "audio", "data": "AQI", "mimeType": "Audio/WAV"})).unwrap();
    assert_eq!(audio, Piece::Audio { data: vec![1, 2].into(), media_type: "audio/wav".to_owned() });
    let text = json!({"uri": "repo://a/b", "mimeType": "text/x-rust", "text": "fn\u{202e}"});
    assert_eq!(
        one(&json!({"type": "resource", "resource": text})).unwrap(),
        Piece::Resource {
            uri: "repo://a/b".to_owned(),
            media_type: "text/x-rust".to_owned(),
            data: "fn".into()
        }
    );
    let blob = json!({"uri": "repo://a/b", "blob": "AQI="});
    let Piece::Resource { media_type, data, .. } =
        one(&json!({"type": "resource", "resource": blob})).unwrap()
    else {
        panic!()
    };
    assert_eq!((media_type.as_str(), &data[..]), ("application/octet-stream", &[1, 2][..]));
    let link = json!({"type": "resource_link", "uri": "https://a.example/b", "name": "b\nc", "size": 3});
    assert_eq!(
        one(&link).unwrap(),
        Piece::Link {
            uri: "https://a.example/b".to_owned(),
            name: "b c".to_owned(),
            description: None,
            media_type: None,
            size: Some(3)
        }
    );
}

#[test]
fn no_address_means_something_here_or_runs_something() {
    for attack in [
        "s3://reports/a",
        "ondol://tools/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "x",
    ] {
        let link = one(&json!({"type": "resource_link", "uri": attack, "name": "n"})).unwrap();
        assert_eq!(link, Piece::Text(format!("n: {attack}")));
    }
    for attack in ["s3://reports/a", "ondol://tools/x", "java\u{200b}script:alert(1)", "", "not one"] {
        let resource = json!({"type": "resource", "resource": {"uri": attack, "text": "x"}});
        let Piece::Resource { uri, .. } = one(&resource).unwrap() else { panic!() };
        assert_eq!(uri, "urn:ondol:unnamed", "{attack}");
    }
}

#[test]
fn values_are_cleaned_to_the_last_field() {
    let told = Told::read(
        json!({"structuredContent": {"a\u{200b}": ["\u{1b}[2Jb", {"c": "\u{202e}d"}]}, "isError": true}),
    );
    let told = told.unwrap();
    assert_eq!(told.structured, Some(json!({"a": ["b", {"c": "d"}]})));
    assert!(told.is_error);
    assert_eq!(Told::read(json!({})).unwrap(), Told::default());
    assert_eq!(Told::read(json!({"resultType": "complete", "_meta": {"x": 1}})).unwrap(), Told::default());
}

#[test]
fn other_shapes_are_no_answers() {
    let many: Vec<_> = (0..300).map(|_| json!({"type": "text", "text": ""})).collect();
    for attack in [
        json!([]),
        json!("done"),
        json!({"tools": []}),
        json!({"content": "text"}),
        json!({"content": ["text"]}),
        json!({"content": many}),
        json!({"resultType": "task", "taskId": "x"}),
        json!({"resultType": 3, "content": []}),
    ] {
        assert!(matches!(Told::read(attack.clone()), Err(FederationError::Broken(_))), "{attack:.80}");
    }
    for attack in [
        json!({"type": "text"}),
        json!({"type": "text", "text": 3}),
        json!({"type": "image", "data": "!", "mimeType": "image/png"}),
        json!({"type": "image", "data": "", "mimeType": "text/html"}),
        json!({"type": "image", "data": ""}),
        json!({"type": "audio", "data": "", "mimeType": "audio/\r\nx"}),
        json!({"type": "resource"}),
        json!({"type": "resource", "resource": {"uri": "a:b"}}),
        json!({"type": "resource_link", "name": "n"}),
        json!({"type": "tool_use", "name": "rm"}),
        json!({}),
    ] {
        assert!(one(&attack).is_err(), "{attack}");
    }
    let asks = json!({"resultType": "input_required", "inputRequests": {}});
    assert!(matches!(Told::read(asks), Err(FederationError::AsksBack)));
}
