//! A tool that is a function.

use std::{pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};
use tools::{
    Annotations, Call, Descriptor, Mounted, Output, Policy, Schema, Tasking, Tool, ToolName, ToolsError,
    Workshop,
};

type Done = Pin<Box<dyn Future<Output = Result<Output, ToolsError>> + Send>>;

/// A tool of the suite.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    description: &'static str,
    input: Value,
    tasking: Tasking,
    does: Box<dyn Fn(Call) -> Done + Send + Sync>,
}

impl Script {
    /// One without arguments that is never a task.
    pub(crate) fn new<F>(name: &'static str, does: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Output, ToolsError>> + Send + 'static,
    {
        Self {
            name,
            description: "A tool of the conformance suite.",
            input: json!({"type": "object"}),
            tasking: Tasking { after: None, only: false },
            does: Box::new(move |call| Box::pin(does(call))),
        }
    }

    /// One that always says the same.
    pub(crate) fn saying(name: &'static str, says: Output) -> Self {
        Self::new(name, move |_| {
            let says = says.clone();
            async move { Ok(says) }
        })
    }

    pub(crate) fn described(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(crate) fn taking(self, input: Value) -> Self {
        Self { input, ..self }
    }

    /// One that becomes a task.
    pub(crate) fn tasking(self, after: Duration, only: bool) -> Self {
        Self { tasking: Tasking { after: Some(after), only }, ..self }
    }

    pub(crate) fn mount(self, workshop: &Workshop) -> Mounted {
        let descriptor = Descriptor {
            name: ToolName::new(self.name).unwrap(),
            title: None,
            description: self.description.to_owned(),
            input: Schema::of_arguments(self.input.clone()).unwrap(),
            output: None,
            annotations: Annotations::UNKNOWN,
        };
        let patience = Duration::from_mins(5);
        let policy = Policy {
            tasking: self.tasking,
            timeout: patience,
            attempt_timeout: patience,
            breaker: None,
            ..Policy::default()
        };
        workshop.mount(Arc::new(self), descriptor, policy, "suite").unwrap()
    }
}

#[async_trait]
impl Tool for Script {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        (self.does)(call).await
    }
}

/// An argument that is text.
pub(crate) fn text(call: &Call, name: &str) -> String {
    call.arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
