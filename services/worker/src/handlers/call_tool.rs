//! `call_tool`: one call of a tool, in the name of whoever asked for it.

use jobview::Json;
use proto::{
    jobs::v1::{CallToolWork, Progress},
    tools::v1::{CallToolRequest, CallToolResponse, content::Content},
};

use super::Handler;
use crate::{WorkerError, assignment::Assignment, grpc::Toolbox};

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
        let record = self.json.write("ondol.tools.v1.CallToolResponse", &answer)?;
        assignment.put("answer.json", "application/json", serde_json::to_vec(&record)?).await?;
        if let Some(text) = text(&answer) {
            assignment.put("text.txt", "text/plain; charset=utf-8", text).await?;
        }
        let failed = answer.is_error.into();
        assignment.progress(&Progress { done: 1, total: 1, failed, ..Progress::default() });
        Ok(())
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
