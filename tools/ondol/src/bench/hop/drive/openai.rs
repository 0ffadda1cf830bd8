//! Calls by OpenAI's interface.

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use serde_json::{Value, json};

use super::{super::clock::since, Arguments, call::Seen};

/// A client with its connections, and what is asked over them.
pub(super) struct OpenAi {
    client: reqwest::Client,
    url: String,
    authorization: String,
    body: String,
    /// How many are to come, if they come one by one.
    tokens: Option<usize>,
}

impl OpenAi {
    /// A client that has no connection yet.
    pub(super) fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let body = json!({
            "model": arguments.model,
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": arguments.tokens,
            "stream": arguments.streamed,
        });
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().build()?,
            url: format!("http://{}/v1/chat/completions", arguments.target),
            authorization: format!("Bearer {}", arguments.key),
            body: body.to_string(),
            tokens: arguments.streamed.then_some(arguments.tokens as usize),
        })
    }

    /// One call.
    pub(super) fn call(&self) -> impl Future<Output = anyhow::Result<Seen>> + Send + use<> {
        let request = self.client.post(&self.url).header("authorization", &self.authorization);
        let request = request.header("content-type", "application/json").body(self.body.clone());
        let tokens = self.tokens;
        async move {
            let response = request.send().await?;
            if !response.status().is_success() {
                bail!("{}: {}", response.status(), response.text().await?);
            }
            match tokens {
                Some(tokens) => stream(response, tokens).await,
                None => whole(response).await,
            }
        }
    }
}

async fn whole(response: reqwest::Response) -> anyhow::Result<Seen> {
    let answer: Value = serde_json::from_slice(&response.bytes().await?)?;
    ensure!(answer["choices"][0]["message"]["content"].is_string(), "no answer in {answer}");
    Ok(Seen::default())
}

async fn stream(response: reqwest::Response, tokens: usize) -> anyhow::Result<Seen> {
    let (mut seen, mut lines) = (Seen::default(), Lines::default());
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        for line in lines.ended(&piece?) {
            let text = content(&line)?;
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                seen.token(since(&text).context("a token without its time")?);
            }
        }
    }
    ensure!(seen.tokens.len() == tokens, "{} of {tokens} tokens came", seen.tokens.len());
    Ok(seen)
}

/// What a line of the stream adds to the text; nothing where it tells something else.
fn content(line: &str) -> anyhow::Result<Option<String>> {
    let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|data| *data != "[DONE]") else {
        return Ok(None);
    };
    let event: Value = serde_json::from_str(data).with_context(|| format!("reading {data}"))?;
    ensure!(event["error"].is_null(), "{}", event["error"]);
    Ok(event["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
}

/// Lines out of pieces that end anywhere.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that end in this piece.
    fn ended(&mut self, piece: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(piece);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, content};

    #[test]
    fn lines_come_out_of_pieces_that_end_anywhere() {
        let mut lines = Lines::default();
        assert!(lines.ended(b"data: a").is_empty());
        assert_eq!(lines.ended(b"b\n\ndata: c"), ["data: ab", ""]);
        assert_eq!(lines.ended(b"\n"), ["data: c"]);
    }

    #[test]
    fn only_deltas_are_text() {
        let delta = r#"data: {"choices": [{"index": 0, "delta": {"content": "12"}}]}"#;
        assert_eq!(content(delta).unwrap().as_deref(), Some("12"));
        for other in ["data: [DONE]", ": heartbeat", "", r#"data: {"choices": []}"#] {
            assert_eq!(content(other).unwrap(), None, "{other}");
        }
        content(r#"data: {"error": {"message": "no"}}"#).unwrap_err();
        content("data: {").unwrap_err();
    }
}
