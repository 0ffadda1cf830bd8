//! All of an answer, be it in one message or kept by the server because it was too large for one.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context, bail};
use contract::json_value;
use proto::tools::v1::{
    CallToolResponse, Content, Media, ReadAnswerRequest, ReadAnswerResponse, Resource,
    content::Content as Piece,
};
use serde_json::Value;

use crate::client::Client;

/// An answer with nothing left out.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// The answer; its value too, unless that came apart.
    pub(super) answer: CallToolResponse,
    /// Its value, where it was too large for the answer. It may hold what a message cannot.
    pub(super) value: Option<Value>,
}

/// The answer with all of what was too large for it, if that can be shown.
pub(super) async fn filled(client: &mut Client, answer: CallToolResponse) -> anyhow::Result<Filled> {
    if answer.answer.is_empty() {
        return Ok(Filled { answer, value: None });
    }
    let (mut media_type, mut bytes) = (String::new(), Vec::new());
    read(client, &answer.answer, |piece| {
        media_type.push_str(&piece.media_type);
        bytes.extend_from_slice(&piece.data);
        Ok(())
    })
    .await?;
    fill(answer, &media_type, bytes)
}

fn fill(answer: CallToolResponse, media_type: &str, bytes: Vec<u8>) -> anyhow::Result<Filled> {
    if media_type == "application/json" {
        let value = serde_json::from_slice(&bytes).context("the server's whole answer is not JSON")?;
        return Ok(Filled { answer: CallToolResponse { content: Vec::new(), ..answer }, value: Some(value) });
    }
    let piece = match String::from_utf8(bytes) {
        Ok(text) => Piece::Text(text),
        Err(bytes) => Piece::Resource(Resource {
            uri: answer.answer.clone(),
            media_type: media_type.to_owned(),
            data: bytes.into_bytes(),
        }),
    };
    let content = vec![Content { content: Some(piece) }];
    Ok(Filled { answer: CallToolResponse { content, ..answer }, value: None })
}

/// Writes the answer itself into a file.
pub(super) async fn into_file(
    client: &mut Client,
    answer: &CallToolResponse,
    path: &Path,
) -> anyhow::Result<()> {
    let context = || format!("writing {}", path.display());
    let small = if answer.answer.is_empty() { Some(itself(answer)?) } else { None };
    let mut file = BufWriter::new(File::create(path).with_context(context)?);
    match small {
        Some(bytes) => file.write_all(&bytes).with_context(context)?,
        None => {
            read(client, &answer.answer, |piece| file.write_all(&piece.data).with_context(context)).await?;
        }
    }
    file.flush().with_context(context)
}

/// What an answer that came in one message is, as the server would keep it if it were larger.
fn itself(answer: &CallToolResponse) -> anyhow::Result<Vec<u8>> {
    if let Some(sent) = answer.structured_content.clone() {
        return Ok(serde_json::to_vec(&json_value("structured_content", sent)?)?);
    }
    let pieces: Vec<_> = answer.content.iter().filter_map(|piece| piece.content.as_ref()).collect();
    if let [
        Piece::Image(Media { data, .. })
        | Piece::Audio(Media { data, .. })
        | Piece::Resource(Resource { data, .. }),
    ] = pieces.as_slice()
    {
        return Ok(data.clone());
    }
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            _ => bail!("the answer has several parts, not all of them text: take --json"),
        }
    }
    Ok(text.into_bytes())
}

async fn read(
    client: &mut Client,
    name: &str,
    mut take: impl FnMut(ReadAnswerResponse) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let pieces = client.tools().read_answer(ReadAnswerRequest { name: name.to_owned() }).await;
    let mut pieces = pieces.map_err(|status| client.explained(status))?.into_inner();
    while let Some(piece) = pieces.message().await.map_err(|status| client.explained(status))? {
        take(piece)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use contract::message_value;
    use proto::tools::v1::{CallToolResponse, Content, Media, content::Content as Piece};
    use serde_json::json;

    use super::{fill, itself};

    fn of(pieces: Vec<Piece>) -> CallToolResponse {
        let content = pieces.into_iter().map(|piece| Content { content: Some(piece) }).collect();
        CallToolResponse { content, answer: "answers/a".into(), ..CallToolResponse::default() }
    }

    #[test]
    fn what_was_left_out_takes_its_place() {
        let beginning = || of(vec![Piece::Text("It begins:".into())]);
        let filled = fill(beginning(), "application/json", b"{\"a\":9007199254740993}".to_vec()).unwrap();
        assert_eq!(filled.value, Some(json!({"a": 9_007_199_254_740_993_u64})));
        assert!(filled.answer.content.is_empty());
        let filled = fill(beginning(), "text/plain; charset=utf-8", b"all of it".to_vec()).unwrap();
        assert_eq!(filled.answer, of(vec![Piece::Text("all of it".into())]));
        assert!(fill(beginning(), "application/json", b"{".to_vec()).is_err());
    }

    #[test]
    fn a_file_gets_what_the_answer_is() {
        let value = Some(message_value(&json!({"a": [1]})));
        let structured = CallToolResponse { structured_content: value, ..of(vec![Piece::Text("{}".into())]) };
        assert_eq!(itself(&structured).unwrap(), b"{\"a\":[1]}");
        let image = Piece::Image(Media { data: vec![0xff], media_type: "image/png".into() });
        assert_eq!(itself(&of(vec![image.clone()])).unwrap(), [0xff]);
        assert_eq!(itself(&of(vec![Piece::Text("a".into()), Piece::Text("b".into())])).unwrap(), b"ab");
        assert!(itself(&of(vec![Piece::Text("a".into()), image])).is_err());
    }
}
