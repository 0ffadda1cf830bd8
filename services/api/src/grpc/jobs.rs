//! `ondol.jobs.v1.JobService`, over the queue.

mod watch;

use std::{pin::Pin, time::Duration};

use futures::Stream;
use proto::jobs::v1::{self as wire, job_service_server::JobService};
use rpc::{CallContext, status};
use runtime::Life;
use tonic::{Request, Response, Status};

use super::{limits::Admission, owner};
use crate::{
    ApiError, allowed, convert,
    desk::{Desk, Seen},
};

/// Well below the 60 seconds after which load balancers cut what is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The service.
#[derive(Clone)]
pub(crate) struct Jobs {
    desk: Option<Desk>,
    admission: Admission,
    life: Life,
}

impl Jobs {
    /// The service over a desk; without one every call says so.
    pub(crate) fn new(desk: Option<Desk>, admission: Admission, life: Life) -> Self {
        Self { desk, admission, life }
    }

    fn desk(&self) -> Result<&Desk, Status> {
        self.desk.as_ref().ok_or(ApiError::NoQueue).map_err(status)
    }
}

#[tonic::async_trait]
impl JobService for Jobs {
    type WatchJobStream = Pin<Box<dyn Stream<Item = Result<wire::WatchJobResponse, Status>> + Send>>;

    async fn create_job(
        &self,
        request: Request<wire::CreateJobRequest>,
    ) -> Result<Response<wire::Job>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let (_, extensions, asked) = request.into_parts();
        let context = CallContext::of(&extensions);
        let draft = convert::draft(asked, &allowed::granted(&extensions)).map_err(status)?;
        let admitted = self.admission.request(&extensions).await?;
        admitted.telling(answer(desk.create(&owner, draft, context).await))
    }

    async fn get_job(&self, request: Request<wire::GetJobRequest>) -> Result<Response<wire::Job>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let id = convert::job_name("name", &request.get_ref().name).map_err(status)?;
        answer(desk.get(&owner, id).await)
    }

    async fn list_jobs(
        &self,
        request: Request<wire::ListJobsRequest>,
    ) -> Result<Response<wire::ListJobsResponse>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let query = convert::query(request.into_inner()).map_err(status)?;
        let (jobs, next) = desk.list(&owner, query).await.map_err(status)?;
        let jobs = jobs.iter().map(convert::job).collect();
        Ok(Response::new(wire::ListJobsResponse { jobs, next_page_token: next.unwrap_or_default() }))
    }

    async fn cancel_job(
        &self,
        request: Request<wire::CancelJobRequest>,
    ) -> Result<Response<wire::Job>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let id = convert::job_name("name", &request.get_ref().name).map_err(status)?;
        answer(desk.cancel(&owner, id).await)
    }

    async fn watch_job(
        &self,
        request: Request<wire::WatchJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let wire::WatchJobRequest { name, after } = request.into_inner();
        let id = convert::job_name("name", &name).map_err(status)?;
        let seen = desk.get(&owner, id).await.map_err(status)?;
        let told = watch::Watch::new(desk.clone(), owner, seen, after, &self.life).into_stream();
        Ok(Response::new(Box::pin(rpc::heartbeat(told, HEARTBEAT, || Ok(convert::beat())))))
    }

    async fn list_dead_jobs(
        &self,
        request: Request<wire::ListDeadJobsRequest>,
    ) -> Result<Response<wire::ListDeadJobsResponse>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let query = convert::dead_query(request.into_inner()).map_err(status)?;
        let (jobs, next) = desk.list(&owner, query).await.map_err(status)?;
        let jobs = jobs.iter().map(convert::job).collect();
        Ok(Response::new(wire::ListDeadJobsResponse { jobs, next_page_token: next.unwrap_or_default() }))
    }

    async fn requeue_job(
        &self,
        request: Request<wire::RequeueJobRequest>,
    ) -> Result<Response<wire::Job>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let id = convert::job_name("name", &request.get_ref().name).map_err(status)?;
        answer(desk.requeue(&owner, id).await)
    }

    async fn delete_job(
        &self,
        request: Request<wire::DeleteJobRequest>,
    ) -> Result<Response<wire::DeleteJobResponse>, Status> {
        let (desk, owner) = (self.desk()?, owner(request.extensions()).map_err(status)?);
        let id = convert::job_name("name", &request.get_ref().name).map_err(status)?;
        desk.delete(&owner, id).await.map_err(status)?;
        Ok(Response::new(wire::DeleteJobResponse {}))
    }
}

fn answer(seen: Result<Seen, ApiError>) -> Result<Response<wire::Job>, Status> {
    seen.map(|seen| Response::new(convert::job(&seen))).map_err(status)
}

#[cfg(test)]
mod tests;
