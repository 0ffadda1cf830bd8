//! Calls with one answer.

use std::sync::Arc;

use http::Extensions;
use proto::inference::v1 as wire;
use rpc::onward;
use tonic::{Request, Response, Status};

use super::{Client, Dispatch, answer_of, client, gated::Gated, verdict::Refusal};
use crate::{
    grpc::forward::from_peer,
    routes::{Priority, Target},
};

impl Dispatch {
    /// Has a text generated.
    pub(in crate::grpc) async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
        priority: Priority,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let named = message.model.clone();
        let send = |mut client: Client, target: &Target| {
            let (model, release) = (target.model(&named).to_owned(), Arc::clone(target.release()));
            let request = onward(&extensions, wire::GenerateTextRequest { model, ..message.clone() });
            async move {
                let gated = Gated::enter(&release, priority).await?;
                let answer =
                    client.generate_text(request).await.inspect_err(|status| gated.failed(status))?;
                gated.took(answer.get_ref().timings.as_ref());
                Ok::<_, Refusal>(answer)
            }
        };
        self.unary(&named, &extensions, send).await
    }

    /// Has tokens counted.
    pub(in crate::grpc) async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let named = message.model.clone();
        let send = |mut client: Client, target: &Target| {
            let model = target.model(&named).to_owned();
            let request = onward(&extensions, wire::CountTokensRequest { model, ..message.clone() });
            async move { Ok(client.count_tokens(request).await?) }
        };
        self.unary(&named, &extensions, send).await
    }

    /// Has a model described, under the name that it was asked for by.
    pub(in crate::grpc) async fn model(
        &self,
        extensions: &Extensions,
        named: &str,
    ) -> Result<Response<wire::Model>, Status> {
        let send = |mut client: Client, target: &Target| {
            let name = format!("models/{}", target.model(named));
            let request = onward(extensions, wire::GetModelRequest { name });
            async move { Ok(client.get_model(request).await?) }
        };
        let answer = self.unary(named, extensions, send).await?;
        Ok(answer.map(|model| renamed(model, named)))
    }

    async fn unary<M, F>(
        &self,
        named: &str,
        extensions: &Extensions,
        send: impl Fn(Client, &Target) -> F,
    ) -> Result<Response<M>, Status>
    where
        F: Future<Output = Result<Response<M>, Refusal>>,
    {
        let route = self.route(named)?;
        let hedge_after = route.hedge_after();
        let attempts = super::Attempts { hedge_after, ..self.attempts(route, extensions) };
        let won = attempts.run(|target: Arc<Target>| send(client(target.release()), &target)).await;
        let won = won.map_err(from_peer)?;
        Ok(answer_of(won.target.release(), won.answer.into_inner()))
    }
}

/// A model under the name of its route.
pub(super) fn renamed(model: wire::Model, named: &str) -> wire::Model {
    wire::Model { name: format!("models/{named}"), id: named.to_owned(), ..model }
}
