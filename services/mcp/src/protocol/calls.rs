//! Calls of tools: answered while the caller waits, or gone on with as a task.

use std::{pin::pin, time::Duration};

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, CreateTaskResult,
        ProgressNotificationParam, ProgressToken,
    },
    service::RequestContext,
};
use tokio::{sync::mpsc, time::timeout};
use tools::{Abilities, Output, Progress, Step, Tasking, ToolsError};

use super::{
    answer,
    asker::Asker,
    dialogue::Topic,
    server::Server,
    tasks::{Repeat, Work},
};

/// Steps of progress that wait to be sent; what comes while they do is left out.
const PROGRESS_WAITING: usize = 16;

/// A call for as long as its caller waits.
struct Waiting {
    work: Work,
    context: RequestContext<RoleServer>,
    topic: Topic,
    abilities: Abilities,
}

impl Server {
    /// Calls a tool until it has answered, the client has left, or it is a task.
    pub(super) async fn call(
        &self,
        asked: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let asker = Asker::of(&context);
        let (tasking, patience) = self.tasking(&asked.name, &asker);
        if tasking.only && !asker.knows_tasks {
            let needed = ClientCapabilities::builder().enable_tasks().build();
            return Err(ErrorData::missing_required_client_capability(needed));
        }
        let after = tasking.after.filter(|_| asker.knows_tasks && self.tasks.are_offered());
        let topic = Topic::of(&asker.caller, "tool", &asked.name, asked.arguments.as_ref());
        let dialogue =
            topic.dialogue(&self.seal, &asker, asked.input_responses, asked.request_state.as_deref())?;
        let mut call = asker.call(asked.arguments.unwrap_or_default());
        call.dialogue = dialogue;
        if after.is_some() {
            // What goes on without its caller does not end when they would have left.
            call.deadline = None;
        }
        let (steps, progress) = mpsc::channel(PROGRESS_WAITING);
        if after.is_some() || context.meta.get_progress_token().is_some() {
            call.progress = Progress::to(move |step| drop(steps.try_send(step)));
        }
        let repeat = Repeat { registry: self.faces.registry.clone(), name: asked.name.into_owned(), call };
        let work = Work { pending: repeat.again(None), repeat, progress, patience };
        let waiting = Waiting { work, context, topic, abilities: asker.abilities };
        match after {
            Some(after) => self.wait_or_go_on(waiting, after, tasking.only).await,
            None => self.wait(waiting).await,
        }
    }

    /// When a call of this tool becomes a task, and how long it may take. A tool that is not there has no such time.
    fn tasking(&self, name: &str, asker: &Asker) -> (Tasking, Duration) {
        let never = Tasking { after: None, only: false };
        let tool = self.faces.registry.get(name, &asker.caller);
        tool.map_or((never, Duration::ZERO), |tool| (tool.policy.tasking, tool.policy.timeout))
    }

    /// Waits for so long, and then goes on without the caller.
    async fn wait_or_go_on(
        &self,
        mut waiting: Waiting,
        after: Duration,
        only: bool,
    ) -> Result<CallToolResponse, ErrorData> {
        // Without any time to wait, nothing may happen before there is a task: not even a question.
        if !after.is_zero()
            && let Ok(answered) = timeout(after, waiting.answered()).await
        {
            return self.told(&waiting, answered?);
        }
        match self.tasks.begin(waiting.work).await {
            Ok(task) => Ok(CreateTaskResult::new(task).into()),
            Err(refused) if only => Ok(answer::refusal(refused.why).into()),
            Err(refused) => {
                waiting.work = refused.work;
                self.wait(waiting).await
            }
        }
    }

    async fn wait(&self, mut waiting: Waiting) -> Result<CallToolResponse, ErrorData> {
        let answered = waiting.answered().await?;
        self.told(&waiting, answered)
    }

    fn told(
        &self,
        waiting: &Waiting,
        answered: Result<Output, ToolsError>,
    ) -> Result<CallToolResponse, ErrorData> {
        match answered {
            Err(ToolsError::Asks(asks)) => {
                Ok(waiting.topic.required(&self.seal, waiting.abilities, &asks)?.into())
            }
            answered => answer::response(answered),
        }
    }
}

impl Waiting {
    /// Waits for the answer, passing on progress. The error is for somebody who has left.
    async fn answered(&mut self) -> Result<Result<Output, ToolsError>, ErrorData> {
        let token = self.context.meta.get_progress_token();
        let mut left = pin!(self.context.ct.cancelled());
        loop {
            tokio::select! {
                answered = &mut self.work.pending => return Ok(answered),
                () = &mut left => return Err(ErrorData::internal_error("cancelled", None)),
                Some(step) = self.work.progress.recv() => {
                    if let Some(token) = token.clone() {
                        // Progress is for watching: where it cannot be sent, the answer still can.
                        let _ = self.context.peer.notify_progress(told(token, step)).await;
                    }
                }
            }
        }
    }
}

fn told(token: ProgressToken, step: Step) -> ProgressNotificationParam {
    let mut told = ProgressNotificationParam::new(token, step.done);
    told.total = step.total;
    told.message = step.message;
    told
}
