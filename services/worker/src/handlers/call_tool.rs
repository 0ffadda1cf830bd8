//! `call_tool`: one call of a tool, in the name of whoever asked for it.

mod whole;

use jobview::Json;
use proto::{
    jobs::v1::{CallToolWork, Progress},
    tools::v1::{CallToolRequest, CallToolResponse, content::Content},
};
use serde_json::Value;

use super::Handler;
use crate::{WorkerError, assignment::Assignment, grpc::Toolbox};

const JSON: &str = "application/json";

/// The handler.
pub(crate) struct CallTool {
    toolbox: Toolbox,
    json: Json,
}

impl CallTool {
    pub(crate) fn new(toolbox: Toolbox, json: Json) -> Self {
        Self { toolbox, json }
    }
}

impl Handler for CallTool {
    type Work = CallToolWork;
    const KIND: &'static str = "call_tool";

    async fn run(&self, work: CallToolWork, assignment: &Assignment) -> Result<(), WorkerError> {
        // mcp believes whom it is told of, and lets calls of nobody do what any key may.
        if assignment.context.principal.is_none() {
            return Err(WorkerError::Input("a call needs a caller: create the job through api".into()));
        }
        let CallToolWork { tool, arguments } = work;
        let name = if tool.starts_with("tools/") { tool } else { format!("tools/{tool}") };
        let request = CallToolRequest { name, arguments };
        assignment.progress(&Progress { total: 1, ..Progress::default() });
        let answer = self.toolbox.call(&assignment.context, &request).await?;
        let failed = answer.is_error.into();
        if let Err(error) = self.keep(assignment, answer).await {
            // The job would begin anew, and with it the call.
            return Err(self.toolbox.after_call(&assignment.context, &request.name, error).await);
        }
        assignment.progress(&Progress { done: 1, total: 1, failed, ..Progress::default() });
        Ok(())
    }
}

impl CallTool {
    /// Writes an answer down, all of it.
    async fn keep(&self, assignment: &Assignment, answer: CallToolResponse) -> Result<(), WorkerError> {
        let rest =
            if answer.answer.is_empty() { Some(answer) } else { self.keep_whole(assignment, answer).await? };
        let Some(answer) = rest else { return Ok(()) };
        let record = self.record(&answer)?;
        assignment.put("answer.json", JSON, serde_json::to_vec(&record)?).await?;
        if let Some(text) = text(&answer) {
            assignment.put("text.txt", "text/plain; charset=utf-8", text).await?;
        }
        Ok(())
    }

    fn record(&self, answer: &CallToolResponse) -> Result<Value, WorkerError> {
        Ok(self.json.write("ondol.tools.v1.CallToolResponse", answer)?)
    }
}

/// The text of an answer, if it has any.
fn text(answer: &CallToolResponse) -> Option<String> {
    let pieces = answer.content.iter().filter_map(|piece| match &piece.content {
        Some(Content::Text(text)) => Some(text.as_str()),
        _ => None,
    });
    let pieces: Vec<_> = pieces.collect();
    (!pieces.is_empty()).then(|| pieces.join("\n"))
}
