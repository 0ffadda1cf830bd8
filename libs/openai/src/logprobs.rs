//! The log probability of each token, as each endpoint tells it.
//!
//! A token's text is what became certain with it, so that all of them joined are the answer: empty while a character is
//! incomplete, more than its own where held-back text comes free. Only the tokens that were taken are told of.

use proto::inference::v1::Token;
use serde_json::{Value, json};

/// Of a chat; nothing where there are no tokens to tell of.
pub(crate) fn of_chat(tokens: &[Token]) -> Value {
    if tokens.is_empty() {
        return Value::Null;
    }
    json!({"content": list(tokens), "refusal": null})
}

/// Of a response, and within a chat's.
pub(crate) fn list(tokens: &[Token]) -> Vec<Value> {
    let one = |token: &Token| {
        let (text, logprob) = (&token.text, token.logprob);
        json!({"token": text, "logprob": logprob, "bytes": text.as_bytes(), "top_logprobs": []})
    };
    tokens.iter().map(one).collect()
}

/// Of a completion, whose text has had `offset` characters before. Counts them on.
pub(crate) fn of_completion(tokens: &[Token], offset: &mut usize) -> Value {
    if tokens.is_empty() {
        return Value::Null;
    }
    let offsets: Vec<_> = tokens
        .iter()
        .map(|token| {
            let begins = *offset;
            *offset += token.text.chars().count();
            begins
        })
        .collect();
    json!({
        "tokens": tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>(),
        "token_logprobs": tokens.iter().map(|token| token.logprob).collect::<Vec<_>>(),
        "top_logprobs": null,
        "text_offset": offsets,
    })
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::Token;
    use serde_json::{Value, json};

    use super::{of_chat, of_completion};

    #[test]
    fn tokens_are_told_as_each_endpoint_has_them() {
        let token = |text: &str, logprob| Token { id: 1, text: text.into(), logprob: Some(logprob) };
        let tokens = [token("é", -0.5), token("", -1.0), token("lo", -2.0)];
        let chat = of_chat(&tokens);
        assert_eq!(
            chat["content"][0],
            json!({"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []})
        );
        let mut offset = 3;
        let completion = of_completion(&tokens, &mut offset);
        assert_eq!((&completion["text_offset"], offset), (&json!([3, 4, 4]), 6));
        assert_eq!(completion["tokens"], json!(["é", "", "lo"]));
        assert_eq!(completion["token_logprobs"], json!([-0.5, -1.0, -2.0]));
        assert_eq!((of_chat(&[]), of_completion(&[], &mut offset)), (Value::Null, Value::Null));
    }
}
