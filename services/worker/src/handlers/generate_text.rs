//! `generate_text`: one text, as long as it takes.

use proto::jobs::v1::{GenerateTextWork, Progress};
use serde_json::json;

use super::Handler;
use crate::{WorkerError, assignment::Assignment, grpc::Generator};

/// How much of the newest text a report has.
const SHOWN: usize = 8 * 1024;

/// The handler.
pub(crate) struct GenerateText {
    generator: Generator,
}

impl GenerateText {
    pub(crate) fn new(generator: Generator) -> Self {
        Self { generator }
    }
}

impl Handler for GenerateText {
    type Work = GenerateTextWork;
    const KIND: &'static str = "generate_text";

    async fn run(&self, work: GenerateTextWork, assignment: &Assignment) -> Result<(), WorkerError> {
        let request = work.request.unwrap_or_default();
        let total = u64::from(request.max_tokens);
        let answer = self
            .generator
            .stream(&assignment.context, &request, |answer, done| {
                let text = tail(&answer.text).to_owned();
                assignment.progress(&Progress { done, total, text, ..Progress::default() });
            })
            .await?;
        let usage = answer.usage.unwrap_or_default();
        let record = json!({
            "model": answer.model,
            "text": answer.text,
            "finish_reason": answer.finish_reason().as_str_name(),
            "stop_string": answer.stop_string,
            "usage": {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "total_tokens": usage.total_tokens,
            },
            "tokens": answer.tokens.iter().map(|token| {
                json!({"id": token.id, "text": token.text, "logprob": token.logprob})
            }).collect::<Vec<_>>(),
        });
        assignment.put("answer.json", "application/json", serde_json::to_vec(&record)?).await?;
        assignment.put("text.txt", "text/plain; charset=utf-8", answer.text).await
    }
}

/// The end of a text, from a character's beginning on.
fn tail(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(SHOWN))..]
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, tail};

    #[test]
    fn a_report_has_the_end_of_a_long_text() {
        assert_eq!(tail("short"), "short");
        let long = "é".repeat(SHOWN);
        assert_eq!(tail(&format!("{long}x")).len(), SHOWN - 1);
    }
}
