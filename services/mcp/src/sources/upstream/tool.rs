//! A tool that another server has.

use std::sync::Arc;

use async_trait::async_trait;
use federation::Told;
use tools::{Call, Output, Step, Tool, ToolsError};

use super::{
    MOST_HOPS, Peer,
    answer::{output, unanswered},
    link::{Trouble, Wish},
    peer::Seen,
};

/// A tool that another server has.
pub(super) struct Calling {
    pub(super) peer: Arc<Peer>,
    pub(super) seen: Arc<Seen>,
}

#[async_trait]
impl Tool for Calling {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let hops = call.hops.saturating_add(1);
        if hops > MOST_HOPS {
            return Ok(Output::refusal(format!(
                "this call has come through {} servers of Ondol already: they lead in a circle, or nearly",
                hops - 1
            )));
        }
        let progress = call.progress.clone();
        let steps = move |step: federation::Step| {
            progress.step(Step { done: step.done, total: step.total, message: step.message });
        };
        let wish = Wish {
            name: &self.seen.name,
            arguments: &call.arguments,
            mirrors: &self.seen.mirrors,
            hops,
            steps: &steps,
        };
        let upstream = &self.peer.link.remote.name;
        let tool = self.seen.descriptor.name.as_str();
        match self.peer.link.call(&wish).await {
            Ok((result, redactor)) => match Told::read(result) {
                Ok(told) => output(told, &redactor, tool),
                Err(error) => unanswered(Trouble::Theirs(error), tool, upstream),
            },
            Err(trouble) => unanswered(trouble, tool, upstream),
        }
    }
}
