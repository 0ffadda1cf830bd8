//! A message of JSON-RPC.

use serde_json::{Map, Value};

use crate::FederationError;

/// What a server can say.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The answer to a question.
    Result { id: Value, result: Value },
    /// There is no answer.
    Error { id: Value, code: i64, message: String },
    /// A question of its own.
    Request { id: Value, method: String },
    /// Something to know.
    Notice { method: String, params: Map<String, Value> },
}

/// Reads one.
pub(crate) fn read(text: &[u8]) -> Result<Message, FederationError> {
    let broken = |problem: &'static str| Err(FederationError::broken(problem));
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return broken("a message is no JSON") };
    let Value::Object(mut message) = value else { return broken("a message is no object") };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return broken("a message is not JSON-RPC 2.0");
    }
    let id = message.remove("id");
    match (message.remove("method"), message.remove("result"), message.remove("error")) {
        (Some(Value::String(method)), None, None) => Ok(match id {
            Some(id) => Message::Request { id, method },
            None => Message::Notice { method, params: object(message.remove("params")) },
        }),
        (None, Some(result), None) => match id {
            Some(id) => Ok(Message::Result { id, result }),
            None => broken("a result has no id"),
        },
        (None, None, Some(Value::Object(error))) => {
            let code = error.get("code").and_then(Value::as_i64);
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            match code {
                Some(code) => Ok(Message::Error { id: id.unwrap_or(Value::Null), code, message }),
                None => broken("an error has no code"),
            }
        }
        _ => broken("a message is neither question nor answer"),
    }
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Message, read};

    #[test]
    fn messages_are_told_apart() {
        let result = read(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap();
        assert_eq!(result, Message::Result { id: json!(1), result: json!({}) });
        let error = read(br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}"#).unwrap();
        assert_eq!(error, Message::Error { id: json!(null), code: -32601, message: "no".to_owned() });
        let asked = read(br#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#).unwrap();
        assert_eq!(asked, Message::Request { id: json!("a"), method: "ping".to_owned() });
        assert!(matches!(read(br#"{"jsonrpc":"2.0","method":"x"}"#).unwrap(), Message::Notice { .. }));
    }

    #[test]
    fn other_shapes_are_none() {
        let deep =
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
        let attacks = [
            "",
            "null",
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"result":{}}"#,
            r#"{"id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"message":"no"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":3}"#,
            "<html></html>",
            &deep,
        ];
        for attack in attacks {
            assert!(read(attack.as_bytes()).is_err(), "{attack:.80}");
        }
    }
}
