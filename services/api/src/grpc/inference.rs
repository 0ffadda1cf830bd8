//! `ondol.inference.v1.InferenceService`, forwarded to llm-inference.
//!
//! What can be checked without a model is checked here, so that nonsense never takes a place in the queue of a model;
//! the rest is llm-inference's, whose errors come back as they are.

use std::time::Duration;

use contract::{Page, check_counting, check_generation, model_name};
use futures::StreamExt;
use proto::inference::v1::{self as wire, inference_service_server::InferenceService};
use tonic::{Code, Request, Response, Status};

use super::{
    dispatch::{Begun, Dispatch, Events, beat, tell},
    limits::{Admission, Admitted, Contexts, bound},
};
use crate::{
    allowed::{check_model, check_model_of, granted},
    routes::Priority,
};

/// A little more than llm-inference's own, whose heartbeats pass through: ours only speaks when that one is stuck.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The service.
#[derive(Clone)]
pub(crate) struct Inference {
    dispatch: Dispatch,
    admission: Admission,
    contexts: Contexts,
}

impl Inference {
    /// A service that sends on what is let in.
    pub(crate) fn new(dispatch: Dispatch, admission: Admission) -> Self {
        Self { contexts: Contexts::new(dispatch.clone()), dispatch, admission }
    }

    /// Lets in a request to generate, which is right as far as that can be seen here.
    async fn admit(&self, request: &Request<wire::GenerateTextRequest>) -> Result<Admitted, Status> {
        let (extensions, asked) = (request.extensions(), request.get_ref());
        if !self.admission.bounds(extensions, &asked.model) {
            return self.admission.request(extensions).await;
        }
        match self.contexts.of(extensions, &asked.model).await {
            Ok(context) => self.admission.generation(extensions, &asked.model, bound(asked, context)).await,
            // A name that nobody serves has no limits of its own, and is a request of its caller all the same.
            Err(unknown) if unknown.code() == Code::NotFound => {
                Err(self.admission.request(extensions).await?.refusing(unknown))
            }
            Err(failed) => Err(failed),
        }
    }
}

#[tonic::async_trait]
impl InferenceService for Inference {
    type StreamGenerateTextStream = Events;

    async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        let priority = check(&request)?;
        let admitted = self.admit(&request).await?;
        admitted.whole(self.dispatch.generate_text(request, priority)).await
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Events>, Status> {
        let priority = check(&request)?;
        let admitted = self.admit(&request).await?.unseen();
        let Begun { release, events } = match self.dispatch.stream_generate_text(request, priority).await {
            Ok(begun) => begun,
            Err(status) => return Err(admitted.refused(status)),
        };
        let mut told = admitted.telling(Ok(Response::new(())))?;
        tell(release, told.metadata_mut());
        let mut meter = admitted.meter();
        let events = events.inspect(move |event| meter.see(event));
        Ok(told.map(|()| rpc::heartbeat(events, HEARTBEAT, beat).boxed()))
    }

    async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        let asked = request.get_ref();
        check_counting(asked).map_err(rpc::status)?;
        check_model_of(request.extensions(), &asked.model).map_err(rpc::status)?;
        let admitted = self.admission.request(request.extensions()).await?;
        admitted.telling(self.dispatch.count_tokens(request).await)
    }

    async fn get_model(
        &self,
        request: Request<wire::GetModelRequest>,
    ) -> Result<Response<wire::Model>, Status> {
        let model = model_name(&request.get_ref().name).map_err(rpc::status)?;
        check_model_of(request.extensions(), model).map_err(rpc::status)?;
        let admitted = self.admission.request(request.extensions()).await?;
        admitted.telling(self.dispatch.model(request.extensions(), model).await)
    }

    async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        let page =
            Page::new(request.get_ref().page_size, &request.get_ref().page_token).map_err(rpc::status)?;
        let granted = granted(request.extensions()).into_owned();
        let admitted = self.admission.request(request.extensions()).await?;
        let mut listed = admitted.telling(self.dispatch.list_models(request, &page).await)?;
        // A page may have become shorter, as pages may.
        listed.get_mut().models.retain(|model| check_model(&granted, &model.id).is_ok());
        Ok(listed)
    }
}

/// Checks what can be checked, and finds out how urgent it is.
fn check(request: &Request<wire::GenerateTextRequest>) -> Result<Priority, Status> {
    check_generation(request.get_ref()).map_err(rpc::status)?;
    check_model_of(request.extensions(), &request.get_ref().model).map_err(rpc::status)?;
    Priority::of(request.metadata().as_ref(), &granted(request.extensions())).map_err(rpc::status)
}

#[cfg(test)]
mod tests;
