//! The kinds of jobs. Each is a file here, a message in the contract, and a line in [`all`].

mod batch;
mod call_tool;
mod generate_text;
mod webhook;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::future::BoxFuture;
use jobs::Queue;
use jobview::Json;
use prost::Message;

use crate::{
    WorkerError,
    assignment::Assignment,
    grpc::{Generator, Toolbox},
};

/// What does the work of one kind.
pub(crate) trait Handler: Send + Sync + 'static {
    /// The kind's message in the contract.
    type Work: Message + Default;
    /// The kind's name: that of its field in `Job.work`.
    const KIND: &'static str;

    /// Does the work. It may be dropped at any await, and run again elsewhere.
    fn run(
        &self,
        work: Self::Work,
        assignment: &Assignment,
    ) -> impl Future<Output = Result<(), WorkerError>> + Send;
}

/// Every kind that this worker can do. Without a toolbox what needs one is left to other workers.
pub(crate) fn all(
    generator: &Generator,
    toolbox: Option<&Toolbox>,
    queue: &Arc<dyn Queue>,
) -> Result<Handlers, WorkerError> {
    let mut handlers = Handlers::default();
    handlers.add(generate_text::GenerateText::new(generator.clone()));
    handlers.add(batch::Batch::new(generator.clone()));
    if let Some(toolbox) = toolbox {
        let json = Json::new()?;
        handlers.add(call_tool::CallTool::new(toolbox.clone(), json.clone()));
        handlers.add(webhook::Tell::new(toolbox.clone(), Arc::clone(queue), json));
    }
    Ok(handlers)
}

type Handle =
    Arc<dyn for<'a> Fn(Bytes, &'a Assignment) -> BoxFuture<'a, Result<(), WorkerError>> + Send + Sync>;

/// Handlers by kind, their messages read for them.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    handles: BTreeMap<&'static str, Handle>,
}

impl Handlers {
    pub(crate) fn add<H: Handler>(&mut self, handler: H) {
        let handler = Arc::new(handler);
        let handle: Handle = Arc::new(move |payload, assignment| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let work = H::Work::decode(payload).map_err(WorkerError::Undecodable)?;
                handler.run(work, assignment).await
            })
        });
        self.handles.insert(H::KIND, handle);
    }

    /// The names of the kinds.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.handles.keys().copied()
    }

    /// Does the work of a job; `None` for a kind that is not here.
    pub(crate) fn run<'a>(
        &self,
        kind: &str,
        payload: Bytes,
        assignment: &'a Assignment,
    ) -> Option<BoxFuture<'a, Result<(), WorkerError>>> {
        self.handles.get(kind).map(|handle| handle(payload, assignment))
    }
}
