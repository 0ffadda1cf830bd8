//! An answer that was too large for its call, written down as if it had not been.

use proto::tools::v1::{CallToolResponse, Content, ReadAnswerResponse, content::Content as Piece};
use tonic::Streaming;

use super::{CallTool, JSON};
use crate::{
    WorkerError,
    assignment::{ArtifactWriter, Assignment},
};

impl CallTool {
    /// Reads all of an answer. A text takes the place of its beginning; a value is written as it comes, since it may be larger
    /// than what should be held in memory; anything else is a file of its own beside the answer that links to it. What is left
    /// to write down is handed back.
    pub(super) async fn keep_whole(
        &self,
        assignment: &Assignment,
        answer: CallToolResponse,
    ) -> Result<Option<CallToolResponse>, WorkerError> {
        let mut pieces = self.toolbox.read(&assignment.context, &answer.answer).await?;
        let first = pieces.message().await?.unwrap_or_default();
        if first.media_type == JSON {
            let (beginning, end) = self.around(&answer)?;
            let mut writer = assignment.write("answer.json", JSON).await?;
            writer.write(beginning).await?;
            copy(first, pieces, &mut writer).await?;
            writer.write(end).await?;
            writer.finish().await?;
            return Ok(None);
        }
        if first.media_type.starts_with("text/plain") {
            let content = Some(Piece::Text(text(first, pieces).await?));
            return Ok(Some(CallToolResponse { content: vec![Content { content }], ..answer }));
        }
        let mut writer = assignment.write("answer.bin", "application/octet-stream").await?;
        copy(first, pieces, &mut writer).await?;
        writer.finish().await?;
        Ok(Some(answer))
    }

    /// What stands before and behind the value in an answer that is one. Its `content` would say the value once more.
    fn around(&self, answer: &CallToolResponse) -> Result<(String, &'static str), WorkerError> {
        let rest = CallToolResponse { content: Vec::new(), structured_content: None, ..answer.clone() };
        let mut record = self.record(&rest)?;
        if let Some(fields) = record.as_object_mut() {
            fields.remove("structuredContent");
        }
        let mut beginning = record.to_string();
        beginning.pop();
        // There are other fields before it: defaults are written too.
        beginning.push_str(",\"structuredContent\":");
        Ok((beginning, "}"))
    }
}

async fn copy(
    first: ReadAnswerResponse,
    mut rest: Streaming<ReadAnswerResponse>,
    writer: &mut ArtifactWriter,
) -> Result<(), WorkerError> {
    let mut next = Some(first);
    while let Some(piece) = next {
        writer.write(piece.data).await?;
        next = rest.message().await?;
    }
    Ok(())
}

async fn text(
    first: ReadAnswerResponse,
    mut rest: Streaming<ReadAnswerResponse>,
) -> Result<String, WorkerError> {
    let mut bytes = first.data;
    while let Some(piece) = rest.message().await? {
        bytes.extend_from_slice(&piece.data);
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
