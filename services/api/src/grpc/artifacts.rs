//! `ondol.artifacts.v1.ArtifactService`, over the store.

use std::time::Duration;

use artifacts::{ArtifactsError, Upload};
use fault::{Fault, Kind};
use futures::future::join_all;
use proto::artifacts::v1::{self as wire, artifact_service_server::ArtifactService};
use rpc::status;
use tonic::{Request, Response, Status};

use super::owner;
use crate::{
    ApiError, convert,
    results::{Found, Results},
};

/// How long an upload may begin after its URL was asked for.
const UPLOAD: Duration = Duration::from_hours(1);

/// The service.
#[derive(Clone)]
pub(crate) struct Artifacts {
    results: Option<Results>,
}

impl Artifacts {
    /// The service over a store; without one every call says so.
    pub(crate) fn new(results: Option<Results>) -> Self {
        Self { results }
    }

    fn results(&self) -> Result<&Results, Status> {
        self.results.as_ref().ok_or(ApiError::NoObjects).map_err(status)
    }
}

#[tonic::async_trait]
impl ArtifactService for Artifacts {
    async fn get_artifact(
        &self,
        request: Request<wire::GetArtifactRequest>,
    ) -> Result<Response<wire::Artifact>, Status> {
        let (results, owner) = (self.results()?, owner(request.extensions()).map_err(status)?);
        let (id, name) = convert::artifact_name(&request.get_ref().name).map_err(status)?;
        let found = results.owned(owner.as_str(), id, &name).await.map_err(status)?;
        Ok(Response::new(describe(results, found).await.map_err(status)?))
    }

    async fn list_artifacts(
        &self,
        request: Request<wire::ListArtifactsRequest>,
    ) -> Result<Response<wire::ListArtifactsResponse>, Status> {
        let (results, owner) = (self.results()?, owner(request.extensions()).map_err(status)?);
        let id = convert::job_name("parent", &request.get_ref().parent).map_err(status)?;
        let manifest = results.of_owner(owner.as_str(), id).await.map_err(status)?;
        let described = join_all(Found::all(manifest).map(|found| describe(results, found))).await;
        // One that was removed a moment ago is not there.
        let there = described
            .into_iter()
            .filter(|it| !matches!(it, Err(ApiError::Artifacts(ArtifactsError::NotFound))));
        let artifacts = there.collect::<Result<_, _>>().map_err(status)?;
        Ok(Response::new(wire::ListArtifactsResponse { artifacts }))
    }

    async fn delete_artifact(
        &self,
        request: Request<wire::DeleteArtifactRequest>,
    ) -> Result<Response<wire::DeleteArtifactResponse>, Status> {
        let (results, owner) = (self.results()?, owner(request.extensions()).map_err(status)?);
        let (id, name) = convert::artifact_name(&request.get_ref().name).map_err(status)?;
        results.remove(owner.as_str(), id, &name).await.map_err(status)?;
        Ok(Response::new(wire::DeleteArtifactResponse {}))
    }

    async fn create_upload_url(
        &self,
        request: Request<wire::CreateUploadUrlRequest>,
    ) -> Result<Response<wire::CreateUploadUrlResponse>, Status> {
        let (results, owner) = (self.results()?, owner(request.extensions()).map_err(status)?);
        let content_type = convert::upload_type(&request.get_ref().content_type).map_err(status)?;
        let upload = Upload::random();
        let url = match results.upload_url(owner.as_str(), &upload, content_type, UPLOAD).await {
            Ok(url) => Some(url),
            // A folder signs nothing: the bytes come through this very port.
            Err(cannot) if cannot.kind() == Kind::Unimplemented => None,
            Err(problem) => return Err(status(problem)),
        };
        Ok(Response::new(convert::upload_answer(&upload, content_type, url)))
    }

    async fn create_download_url(
        &self,
        request: Request<wire::CreateDownloadUrlRequest>,
    ) -> Result<Response<wire::CreateDownloadUrlResponse>, Status> {
        let (results, owner) = (self.results()?, owner(request.extensions()).map_err(status)?);
        let wire::CreateDownloadUrlRequest { name, valid_for } = request.into_inner();
        let (id, name) = convert::artifact_name(&name).map_err(status)?;
        let valid_for = convert::lifetime(valid_for).map_err(status)?;
        let found = results.owned(owner.as_str(), id, &name).await.map_err(status)?;
        let url = results.download_url(&found, valid_for).await.map_err(status)?;
        Ok(Response::new(convert::download_answer(url)))
    }
}

async fn describe(results: &Results, found: Found) -> Result<wire::Artifact, ApiError> {
    let info = results.describe(&found).await?;
    Ok(convert::artifact(&found, &info))
}
