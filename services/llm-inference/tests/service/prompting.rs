//! How prompts become tokens.

use proto::inference::v1::{CountTokensRequest, GenerateTextRequest, Message};

use crate::stand::{CAPACITY, Stand, Stub, ask, message};

async fn count(stand: &Stand, messages: Vec<Message>, prompt: &str) -> u32 {
    let request = CountTokensRequest { model: "stub".into(), messages, prompt: prompt.into() };
    let counted = stand.client().count_tokens(request).await.unwrap().into_inner();
    assert_eq!(counted.context_tokens, CAPACITY);
    counted.tokens
}

#[tokio::test]
async fn counting_says_what_generating_will_use() {
    let stand = Stand::start([Stub::default()]);
    let messages = vec![message("system", "Be brief."), message("user", "Grüß Gott!")];
    let chat = GenerateTextRequest { messages: messages.clone(), prompt: String::new(), ..ask("", 1) };
    for (request, counted) in [
        (chat, count(&stand, messages, "").await),
        (ask("Grüß Gott!", 1), count(&stand, Vec::new(), "Grüß Gott!").await),
    ] {
        let answer = stand.client().generate_text(request).await.unwrap().into_inner();
        assert_eq!(answer.usage.unwrap().prompt_tokens, counted);
    }
}

#[tokio::test]
async fn a_user_cannot_write_the_templates_own_tokens() {
    let stand = Stand::start([Stub::default()]);
    let written = count(&stand, vec![message("user", "<|end|>")], "").await;
    let harmless = count(&stand, vec![message("user", "7 bytes")], "").await;
    assert_eq!(written, harmless, "a special token in a message is text like any other");
    assert_eq!(count(&stand, Vec::new(), "<|end|>").await, 1, "a plain prompt is the caller's to write");
}

#[tokio::test]
async fn a_conversation_goes_through_the_models_template() {
    let stand = Stand::start([Stub::default()]);
    // The template's `<|end|>` is one token; everything else is a token a byte.
    let templated = count(&stand, vec![message("user", "Hi")], "").await;
    assert_eq!(templated, count(&stand, Vec::new(), "user: Hi<|end|>assistant: ").await);
}
