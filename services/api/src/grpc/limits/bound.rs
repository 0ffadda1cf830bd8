//! How many tokens a request may use, known before anybody has counted them.

use proto::inference::v1::GenerateTextRequest;

/// What a tokenizer may put around plain text: a beginning, a space before the first word.
const AROUND: u64 = 8;
/// What a chat template may write by itself, such as a system message where the caller gave none.
const TEMPLATE: u64 = 128;
/// What it may write around each message, beside the role.
const MESSAGE: u64 = 16;

/// The most tokens of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::grpc) struct Bound {
    /// Of its prompt.
    pub(super) prompt: u64,
    /// Of its prompt and its answer together.
    pub(super) in_all: u64,
}

/// The bound of a request to a model with a context of so many tokens. A token stands for at least one byte of text.
pub(in crate::grpc) fn bound(request: &GenerateTextRequest, context: u32) -> Bound {
    let context = u64::from(context);
    let length = |text: &String| u64::try_from(text.len()).unwrap_or(u64::MAX);
    let of_message = |role: &String, text: &String| MESSAGE + length(role) + length(text);
    let messages: u64 = request.messages.iter().map(|it| of_message(&it.role, &it.text)).sum();
    let written = if messages == 0 { AROUND + length(&request.prompt) } else { TEMPLATE + messages };
    let prompt = written.min(context);
    let answer = match request.max_tokens {
        0 => context,
        most => u64::from(most),
    };
    Bound { prompt, in_all: (prompt + answer).min(context) }
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::{GenerateTextRequest, Message};

    use super::{Bound, bound};

    #[test]
    fn a_prompt_has_at_most_its_bytes_and_an_answer_what_is_asked_for() {
        let asked = |prompt: &str, max_tokens| GenerateTextRequest {
            prompt: prompt.into(),
            max_tokens,
            ..GenerateTextRequest::default()
        };
        assert_eq!(bound(&asked("가나", 10), 2_048), Bound { prompt: 14, in_all: 24 });
        assert_eq!(bound(&asked("Once", 0), 2_048), Bound { prompt: 12, in_all: 2_048 });
        assert_eq!(bound(&asked(&"x".repeat(9_000), 10), 2_048), Bound { prompt: 2_048, in_all: 2_048 });
        assert_eq!(bound(&asked("Once", u32::MAX), 64), Bound { prompt: 12, in_all: 64 });
    }

    #[test]
    fn a_chat_has_what_its_template_writes_besides() {
        let message = Message { role: "user".into(), text: "Hello".into() };
        let chat = GenerateTextRequest { messages: vec![message; 2], max_tokens: 1, ..Default::default() };
        assert_eq!(bound(&chat, 2_048), Bound { prompt: 178, in_all: 179 });
    }
}
