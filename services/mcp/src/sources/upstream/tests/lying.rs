//! Servers that fail, stall, lie and lead elsewhere: each is an error of its kind, in bounded time and memory.

use axum::{body::Body, response::IntoResponse};
use bytes::Bytes;
use fault::{Fault, Kind};
use futures::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tools::{Content, Output};

use super::{
    liar::{Asked, Liar, json_of, stream_of},
    stand::{SECRET, Stand},
};

type Answer = axum::response::Response;
/// What it is called, what it comes to, and the lie itself.
type Lie = (&'static str, Kind, fn(&Asked) -> Answer);
type Lying = Box<dyn Fn(&Asked) -> Answer + Send + Sync>;

const HASTY: &str = "max_bytes = 65536\nauth = { header = \"x-key\", secret = \"key\" }\n";

/// From now on calls are answered with this.
fn answers(liar: &Liar, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) {
    liar.says(move |asked| (asked.method() == "tools/call").then(|| answer(asked)));
}

fn status(code: u16, headers: &[(&'static str, &str)]) -> Answer {
    let mut answer = StatusCode::from_u16(code).unwrap().into_response();
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    answer.headers_mut().extend(headers.collect::<HeaderMap>());
    answer
}

/// Says the same again and again.
fn endless(words: &'static str) -> Body {
    Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(Bytes::from(words))))
}

#[tokio::test]
async fn each_lie_is_an_error_of_its_kind() {
    let lies: [Lie; 24] = [
        ("another id", Kind::DataLoss, |_| json_of(&json!({"jsonrpc": "2.0", "id": 999, "result": {}}))),
        ("another id in a stream", Kind::DataLoss, |_| {
            stream_of("data: {\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{}}\n\n")
        }),
        ("a batch", Kind::DataLoss, |asked| {
            json_of(&json!([{"jsonrpc": "2.0", "id": asked.message["id"], "result": {}}]))
        }),
        ("no version", Kind::DataLoss, |asked| json_of(&json!({"id": asked.message["id"], "result": {}}))),
        ("a list", Kind::DataLoss, |asked| asked.result(&json!({"tools": []}))),
        ("a task", Kind::DataLoss, |asked| asked.result(&json!({"resultType": "task", "taskId": "1"}))),
        ("broken base64", Kind::DataLoss, |asked| {
            asked.result(&json!({"content": [{"type": "image", "data": "%", "mimeType": "image/png"}]}))
        }),
        ("too many pieces", Kind::DataLoss, |asked| {
            let pieces: Vec<_> = (0..300).map(|_| json!({"type": "text", "text": ""})).collect();
            asked.result(&json!({"content": pieces}))
        }),
        ("too deep", Kind::DataLoss, |_| {
            let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":{}", "[".repeat(20_000));
            ([("content-type", "application/json")], deep).into_response()
        }),
        ("a page", Kind::DataLoss, |_| ([("content-type", "text/html")], "<html>").into_response()),
        ("nothing", Kind::DataLoss, |_| StatusCode::ACCEPTED.into_response()),
        ("an empty stream", Kind::DataLoss, |_| stream_of("")),
        ("an unfinished stream", Kind::DataLoss, |asked| {
            let id = &asked.message["id"];
            stream_of(format!("data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}\n"))
        }),
        ("only questions", Kind::DataLoss, |_| {
            stream_of(endless("data: {\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"ping\"}\n\n"))
        }),
        ("an endless stream", Kind::FailedPrecondition, |_| stream_of(endless(": still here\n\n"))),
        ("an endless line", Kind::FailedPrecondition, |_| stream_of(endless("data: xxxxxxxxxxxxxxxx"))),
        ("an endless body", Kind::FailedPrecondition, |_| {
            ([("content-type", "application/json")], endless("[")).into_response()
        }),
        ("a fault", Kind::Unavailable, |_| status(500, &[])),
        ("a wait", Kind::Unavailable, |_| status(429, &[("retry-after", "7")])),
        ("no entry", Kind::Unavailable, |_| status(401, &[("www-authenticate", "Bearer")])),
        ("an inner fault", Kind::Unavailable, |asked| asked.error(200, -32603)),
        ("metadata", Kind::PermissionDenied, |_| {
            status(307, &[("location", "http://169.254.169.254/latest/meta-data/")])
        }),
        ("another host", Kind::PermissionDenied, |_| status(308, &[("location", "http://127.0.0.2/mcp")])),
        ("a file", Kind::PermissionDenied, |_| status(307, &[("location", "file:///etc/passwd")])),
    ];
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, HASTY).await;
    for (lie, kind, answer) in lies {
        answers(&liar, answer);
        let error = stand.echo().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{lie}: {error}");
        assert!(!error.public_message().contains('\u{1b}'), "{lie}");
        if lie == "a wait" {
            assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
        }
    }
    answers(&liar, |asked| asked.result(&json!({"content": []})));
    stand.echo().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_says_nothing_is_left_in_time() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, "").await;
    let config = "attempts = 1\nattempt_timeout = \"200ms\"";
    let mut stand = stand;
    let pins = stand.pins(liar.address, "tools = [\"echo\"]\n").await;
    stand
        .read(&format!("{}\n[tools.up_echo]\n{config}\n", super::stand::described(liar.address, &pins)))
        .await;
    answers(&liar, |_| {
        let said =
            stream::iter([Ok::<_, std::io::Error>(Bytes::from(": hello\n\n"))]).chain(stream::pending());
        stream_of(Body::from_stream(said))
    });
    assert_eq!(stand.echo().await.unwrap_err().kind(), Kind::DeadlineExceeded);
}

#[tokio::test]
async fn what_a_caller_can_mend_is_an_answer() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, "").await;
    let told = async |answer: fn(&Asked) -> Answer| {
        answers(&liar, answer);
        let answer = stand.echo().await.unwrap();
        assert!(answer.is_error, "{answer:?}");
        let Some(Content::Text(text)) = answer.content.first() else { panic!("{answer:?}") };
        text.clone()
    };
    assert!(told(|asked| asked.error(200, -32602)).await.ends_with("refused the call: no way"));
    assert!(told(|asked| asked.error(400, -32602)).await.ends_with("refused the call: no way"));
    let asks =
        told(|asked| asked.result(&json!({"resultType": "input_required", "inputRequests": {}}))).await;
    assert!(asks.contains("asks for more input"), "{asks}");
    let failed = told(|asked| {
        asked.result(&json!({"content": [{"type": "text", "text": "no \u{202e}desk"}], "isError": true}))
    });
    assert_eq!(failed.await, "no desk");
}

#[tokio::test]
async fn no_answer_has_our_credentials_in_it() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, HASTY).await;
    answers(&liar, |asked| {
        let heard = asked.header("x-key");
        assert_eq!(heard, SECRET);
        asked.result(&json!({
            "content": [{"type": "text", "text": format!("you said {heard}")}],
            "structuredContent": {"heard": [heard]},
        }))
    });
    let answer = stand.echo().await.unwrap();
    assert_eq!(answer.content, [Content::Text("you said [secret]".to_owned())]);
    assert_eq!(answer.structured, Some(json!({"heard": ["[secret]"]})));
    answers(&liar, |asked| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let data = BASE64_STANDARD.encode(format!("\u{1}\u{2}{}", asked.header("x-key")));
        asked.result(&json!({"content": [{"type": "image", "data": data, "mimeType": "image/png"}]}))
    });
    let error = stand.echo().await.unwrap_err();
    assert!(error.kind() == Kind::DataLoss && !error.to_string().contains(SECRET), "{error}");
    answers(&liar, |asked| {
        let error = json!({"code": -32602, "message": format!("not {}", asked.header("x-key"))});
        json_of(&json!({"jsonrpc": "2.0", "id": asked.message["id"], "error": error}))
    });
    assert!(!format!("{:?}", stand.echo().await.unwrap()).contains(SECRET));
}

#[tokio::test]
async fn an_answer_is_held_against_the_schema_that_was_pinned() {
    let liar = Liar::new().await;
    let mut tool = super::liar::echo();
    tool["outputSchema"] =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let shown = tool.clone();
    let answering = |answer: Value| {
        let shown = shown.clone();
        liar.says(move |asked: &Asked| match asked.method() {
            "tools/list" => Some(asked.result(&json!({"tools": [shown]}))),
            "tools/call" => Some(asked.result(&answer)),
            _ => None,
        });
    };
    answering(json!({"structuredContent": {"n": 1}}));
    let stand = Stand::of(&liar, "").await;
    let answer = stand.echo().await.unwrap();
    assert_eq!(answer, Output::structured(json!({"n": 1})));
    for wrong in
        [json!({"structuredContent": {"n": "1"}}), json!({"structuredContent": [1]}), json!({"content": []})]
    {
        answering(wrong.clone());
        assert_eq!(stand.echo().await.unwrap_err().kind(), Kind::DataLoss, "{wrong}");
    }
}

#[tokio::test]
async fn lists_that_lie_are_no_lists() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, HASTY).await;
    let page = |next: &str| json!({"tools": [super::liar::echo()], "nextCursor": next});
    let lies: [(&str, Lying); 5] = [
        ("circle", Box::new(move |asked| asked.result(&page("again")))),
        ("64 pages", {
            let count = std::sync::atomic::AtomicUsize::new(0);
            Box::new(move |asked| {
                let page = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                asked.result(&json!({"tools": [], "nextCursor": page.to_string()}))
            })
        }),
        ("65536 bytes", Box::new(|asked| asked.result(&json!({"tools": [{"name": "x".repeat(100_000)}]})))),
        ("no tools", Box::new(|asked| asked.result(&json!({"content": []})))),
        ("500", Box::new(|_| status(500, &[]))),
    ];
    for (said, lie) in lies {
        liar.says(move |asked| (asked.method() == "tools/list").then(|| lie(asked)));
        assert_eq!(stand.look().await, [None], "{said}");
        let error = stand.survey(liar.address, HASTY).await.unwrap_err();
        assert!(error.contains(said), "{error}");
        assert_eq!(stand.names(), ["up_echo"], "what was seen stays: {said}");
    }
    let failed = stand.metric("ondol_upstream_lists_total{upstream=\"up\",outcome=\"failed\"}");
    assert!(failed[0].ends_with(" 5"), "{failed:?}");
}

#[tokio::test]
async fn a_description_that_is_a_bomb_is_no_tool() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, "").await;
    let doubling: serde_json::Map<_, _> = (0..40)
        .map(|n| {
            let next = format!("#/$defs/d{}", n + 1);
            (format!("d{n}"), json!({"allOf": [{"$ref": next}, {"$ref": next}]}))
        })
        .chain([("d40".to_owned(), json!({}))])
        .collect();
    let bombs = [
        json!({"type": "object", "$ref": "#/$defs/d0", "$defs": doubling}),
        json!({"type": "object", "properties": {"a": {"$ref": "https://evil.example/s.json"}}}),
        json!({"type": "object", "properties": {"a": {"pattern": "(a{1000}){1000}"}}}),
        (0..50).fold(
            json!({"type": "object"}),
            |inner, _| json!({"type": "object", "properties": {"a": inner}}),
        ),
        json!({"type": "array"}),
        json!(true),
    ];
    for bomb in bombs {
        let tool = json!({"name": "echo", "description": "x", "inputSchema": bomb});
        liar.says(move |asked| {
            (asked.method() == "tools/list").then(|| asked.result(&json!({"tools": [tool]})))
        });
        let found = stand.survey(liar.address, "tools = [\"echo\"]").await.unwrap();
        let standing = &found[0].standing;
        assert!(matches!(standing, crate::Standing::Refused { .. }), "{standing:?}");
    }
}
