//! Takes an answer apart while it comes.

use serde_json::Value;

use crate::{
    FederationError, cleaned,
    events::Events,
    message::{self, Message},
};

/// The longest complaint, and the longest word on progress, that is repeated.
const LONGEST_WORDS: usize = 500;
/// Questions of its own that a server may ask before it answers ours.
const MOST_QUESTIONS: usize = 16;

/// How far a call is, in the server's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done, in the unit of `total`.
    pub done: f64,
    /// What there is to do.
    pub total: Option<f64>,
    /// What is being done, cleaned and cut.
    pub message: Option<String>,
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The result of our question, and the end.
    Result(Value),
    /// How far it is.
    Step(Step),
    /// A question of the server's own, which has to be refused, or answered where it is a `ping`.
    Asks {
        /// Its id.
        id: Value,
        /// What it asks.
        method: String,
    },
}

/// Reads the answer to one question.
#[derive(Debug)]
pub struct Reader {
    id: u64,
    events: Events,
    questions: usize,
}

impl Reader {
    /// For the question with this id, which is the token of its progress too.
    pub fn new(id: u64) -> Self {
        Self { id, events: Events::default(), questions: 0 }
    }

    /// A body that is one message.
    pub fn whole(&mut self, body: &[u8]) -> Result<Value, FederationError> {
        match self.happening(message::read(body)?)? {
            Some(Happening::Result(result)) => Ok(result),
            _ => Err(FederationError::broken("the answer is no answer")),
        }
    }

    /// A piece of a stream. What comes after the result is not read.
    pub fn piece(&mut self, piece: &[u8]) -> Result<Vec<Happening>, FederationError> {
        let mut happened = Vec::new();
        for event in self.events.push(piece) {
            happened.extend(self.happening(message::read(&event)?)?);
            if matches!(happened.last(), Some(Happening::Result(_))) {
                break;
            }
        }
        Ok(happened)
    }

    fn happening(&mut self, message: Message) -> Result<Option<Happening>, FederationError> {
        match message {
            Message::Result { id, result } if id == self.id => Ok(Some(Happening::Result(result))),
            // An error need not say whose it is, if the question could not be read.
            Message::Error { id, code, message } if id == self.id || id.is_null() => {
                Err(FederationError::Refused { code, message: excerpt(&message) })
            }
            Message::Result { .. } | Message::Error { .. } => {
                Err(FederationError::broken("it answered a question that was not asked"))
            }
            Message::Request { id, method } => {
                self.questions += 1;
                if self.questions > MOST_QUESTIONS || !(id.is_string() || id.is_number()) {
                    return Err(FederationError::broken("it asks instead of answering"));
                }
                Ok(Some(Happening::Asks { id, method }))
            }
            Message::Notice { method, params } if method == "notifications/progress" => {
                let about_us = params.get("progressToken").is_some_and(|token| *token == self.id);
                let done = params.get("progress").and_then(Value::as_f64);
                Ok(done.filter(|_| about_us).map(|done| {
                    let total = params.get("total").and_then(Value::as_f64);
                    let message = params.get("message").and_then(Value::as_str).map(excerpt);
                    Happening::Step(Step { done, total, message })
                }))
            }
            Message::Notice { .. } => Ok(None),
        }
    }
}

/// The beginning of what a stranger says.
pub(crate) fn excerpt(words: &str) -> String {
    let clean = cleaned(&words.chars().take(4 * LONGEST_WORDS).collect::<String>());
    let cut = clean.chars().count() > LONGEST_WORDS;
    let mut shown: String = clean.chars().take(LONGEST_WORDS).collect();
    if cut {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Happening, Reader, Step};
    use crate::FederationError;

    fn event(message: &serde_json::Value) -> Vec<u8> {
        format!("data: {message}\n\n").into_bytes()
    }

    #[test]
    fn progress_comes_before_the_result_and_nothing_after() {
        let mut stream = Vec::new();
        for message in [
            json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "log"}}),
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 7, "progress": 1, "total": 2, "message": "a\u{1b}[31m"}}),
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 8, "progress": 1}}),
            json!({"jsonrpc": "2.0", "id": "s1", "method": "sampling/createMessage"}),
            json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}}),
            json!({"jsonrpc": "2.0", "id": 7, "result": {"content": ["again"]}}),
        ] {
            stream.extend(event(&message));
        }
        let happened = Reader::new(7).piece(&stream).unwrap();
        let step = Step { done: 1.0, total: Some(2.0), message: Some("a".to_owned()) };
        let asks = Happening::Asks { id: json!("s1"), method: "sampling/createMessage".to_owned() };
        assert_eq!(happened, [Happening::Step(step), asks, Happening::Result(json!({"content": []}))]);
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        for id in [json!(8), json!("7"), json!(7.5), json!([7]), json!(null)] {
            let answer = json!({"jsonrpc": "2.0", "id": id, "result": {}}).to_string();
            assert!(Reader::new(7).whole(answer.as_bytes()).is_err(), "{answer}");
        }
        let error =
            json!({"jsonrpc": "2.0", "id": 8, "error": {"code": -32601, "message": "no"}}).to_string();
        assert!(matches!(Reader::new(7).whole(error.as_bytes()), Err(FederationError::Broken(_))));
    }

    #[test]
    fn complaints_are_cleaned_and_cut() {
        let words = format!("\u{1b}[31m{}", "é".repeat(9000));
        let error =
            json!({"jsonrpc": "2.0", "id": 7, "error": {"code": -32000, "message": words}}).to_string();
        let Err(FederationError::Refused { code: -32000, message }) = Reader::new(7).whole(error.as_bytes())
        else {
            panic!("{error}")
        };
        assert!(message.starts_with('é') && message.chars().count() == 501);
    }

    #[test]
    fn a_server_that_only_asks_is_left() {
        let asks = event(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}));
        let mut reader = Reader::new(7);
        let error = (0..100).find_map(|_| reader.piece(&asks).err()).unwrap();
        assert!(matches!(error, FederationError::Broken(_)));
    }
}
