//! mcp, as a worker calls it: tools, and receivers of webhooks.

use std::time::Duration;

use fault::Fault;
use proto::tools::v1::{
    CallToolRequest, CallToolResponse, DeliverRequest, GetToolRequest, ReadAnswerRequest, ReadAnswerResponse,
    tool_service_client::ToolServiceClient, webhook_service_client::WebhookServiceClient,
};
use rpc::{AtMostOnce, CallContext, Remote, Upstream};
use tonic::Streaming;

use crate::{WorkerError, patience::Patience};

/// What mcp says of a receiver that will never take a webhook.
const REFUSED: &str = "WEBHOOK_REFUSED";

/// What mcp does for a worker.
#[derive(Clone, Debug)]
pub(crate) struct Toolbox {
    tools: ToolServiceClient<Upstream>,
    webhooks: WebhookServiceClient<Upstream>,
    patience: Duration,
}

impl Toolbox {
    /// A toolbox that waits so long for a tool that is away or busy.
    pub(crate) fn new(upstream: Upstream, patience: Duration) -> Self {
        Self {
            // mcp bounds its answers where it makes them.
            tools: ToolServiceClient::new(upstream.clone()).max_decoding_message_size(usize::MAX),
            webhooks: WebhookServiceClient::new(upstream),
            patience,
        }
    }

    /// Calls a tool. It is called again only where that cannot do twice what was to be done once.
    pub(crate) async fn call(
        &self,
        context: &CallContext,
        request: &CallToolRequest,
    ) -> Result<CallToolResponse, WorkerError> {
        let mut patience = Patience::new(self.patience);
        loop {
            let mut client = self.tools.clone();
            let error = match client.call_tool(once(context, request.clone())).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => self.judged(context, &request.name, status.into()).await,
            };
            if !patience.is_worth_waiting(&error) {
                return Err(error);
            }
            patience.wait(&error).await;
        }
    }

    /// What a call came to, as an error that is for good if another call could do twice what was to be done once.
    async fn judged(&self, context: &CallContext, tool: &str, error: WorkerError) -> WorkerError {
        if error.nothing_was_done() { error } else { self.after_call(context, tool, error).await }
    }

    /// The same of what went wrong once a call had its effect.
    pub(crate) async fn after_call(
        &self,
        context: &CallContext,
        tool: &str,
        error: WorkerError,
    ) -> WorkerError {
        if !error.may_pass() || self.may_be_repeated(context, tool).await {
            return error;
        }
        WorkerError::Spent(Box::new(error))
    }

    /// Whether two calls of a tool are as good as one, by what it says of itself.
    async fn may_be_repeated(&self, context: &CallContext, tool: &str) -> bool {
        let mut patience = Patience::new(self.patience);
        loop {
            let request = context.clone().request(GetToolRequest { name: tool.to_owned() });
            match self.tools.clone().get_tool(request).await.map_err(WorkerError::from) {
                Ok(tool) => {
                    let hints = tool.into_inner().annotations.unwrap_or_default();
                    return hints.read_only || hints.idempotent;
                }
                Err(error) if patience.is_worth_waiting(&error) => patience.wait(&error).await,
                // Of a tool that is not there any more nothing is known.
                Err(_) => return false,
            }
        }
    }

    /// Reads an answer that was too large for its call.
    pub(crate) async fn read(
        &self,
        context: &CallContext,
        answer: &str,
    ) -> Result<Streaming<ReadAnswerResponse>, WorkerError> {
        let mut patience = Patience::new(self.patience);
        loop {
            let request = context.clone().request(ReadAnswerRequest { name: answer.to_owned() });
            match self.tools.clone().read_answer(request).await.map_err(WorkerError::from) {
                Err(error) if patience.is_worth_waiting(&error) => patience.wait(&error).await,
                outcome => return Ok(outcome?.into_inner()),
            }
        }
    }

    /// Tells a receiver, once: the queue has more patience than anybody here.
    pub(crate) async fn deliver(
        &self,
        context: &CallContext,
        request: DeliverRequest,
    ) -> Result<(), WorkerError> {
        let mut client = self.webhooks.clone();
        client.deliver(once(context, request)).await.map(drop).map_err(|status| undelivered(status.into()))
    }
}

/// A request that is not tried again underway: mcp and the queue know better when, and what for.
fn once<M>(context: &CallContext, message: M) -> tonic::Request<M> {
    let mut request = context.clone().request(message);
    request.extensions_mut().insert(AtMostOnce);
    request
}

/// Whether there is any use in telling it later. What operators may mend meanwhile is not the receiver's last word.
fn undelivered(problem: Remote) -> WorkerError {
    let for_good = match problem.kind() {
        fault::Kind::InvalidArgument | fault::Kind::PermissionDenied => true,
        fault::Kind::FailedPrecondition => problem.remote_reason() == REFUSED,
        _ => false,
    };
    WorkerError::Undelivered { for_good, problem }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::undelivered;

    #[test]
    fn only_a_last_word_is_one() {
        let of = |code, reason: &str| {
            let details = ErrorDetails::with_error_info(reason, "ondol.dev", []);
            undelivered(Status::with_error_details(code, "no", details).into()).may_pass()
        };
        for (code, reason, may_pass) in [
            (Code::FailedPrecondition, "WEBHOOK_REFUSED", false),
            (Code::PermissionDenied, "EGRESS_REFUSED", false),
            (Code::InvalidArgument, "INVALID_ARGUMENT", false),
            (Code::FailedPrecondition, "WEBHOOKS_NOT_CONFIGURED", true),
            (Code::FailedPrecondition, "CREDENTIALS_MISSING", true),
            (Code::Unavailable, "WEBHOOK_FAILED", true),
            (Code::Unimplemented, "UNIMPLEMENTED", true),
        ] {
            assert_eq!(of(code, reason), may_pass, "{reason}");
        }
    }
}
