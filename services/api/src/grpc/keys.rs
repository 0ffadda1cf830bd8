//! `ondol.admin.v1.ApiKeyService`, over the store of keys.

use std::sync::Arc;

use accounts::KeyStore;
use contract::page_size;
use jiff::Timestamp;
use proto::admin::v1::{self as wire, api_key_service_server::ApiKeyService};
use rpc::status;
use tonic::{Extensions, Request, Response, Status};

use super::owner;
use crate::{ApiError, allowed::check_admin, convert};

/// The service.
#[derive(Clone)]
pub(crate) struct ApiKeys {
    store: Option<Arc<dyn KeyStore>>,
}

impl ApiKeys {
    /// The service over a store; without one every call says so.
    pub(crate) fn new(store: Option<Arc<dyn KeyStore>>) -> Self {
        Self { store }
    }

    /// The store, for administrators. Nobody else learns whether there is one.
    fn store(&self, extensions: &Extensions) -> Result<&dyn KeyStore, Status> {
        check_admin(extensions).map_err(status)?;
        self.store.as_deref().ok_or(ApiError::NoKeyStore).map_err(status)
    }
}

#[tonic::async_trait]
impl ApiKeyService for ApiKeys {
    async fn create_api_key(
        &self,
        request: Request<wire::CreateApiKeyRequest>,
    ) -> Result<Response<wire::CreateApiKeyResponse>, Status> {
        let (store, admin) =
            (self.store(request.extensions())?, owner(request.extensions()).map_err(status)?);
        let asked = request.into_inner().api_key.unwrap_or_default();
        let new = convert::new_key(asked, Timestamp::now()).map_err(status)?;
        let (key, secret) = store.create(new).await.map_err(|wrong| status(convert::in_request(wrong)))?;
        tracing::info!(
            target: "ondol::audit", by = %admin, key = key.id, owner = key.owner, grants = key.grants.to_line(),
            "API key created"
        );
        let api_key = Some(convert::key(key, Timestamp::now()));
        Ok(Response::new(wire::CreateApiKeyResponse { api_key, secret: secret.as_str().to_owned() }))
    }

    async fn get_api_key(
        &self,
        request: Request<wire::GetApiKeyRequest>,
    ) -> Result<Response<wire::ApiKey>, Status> {
        let store = self.store(request.extensions())?;
        let id = convert::key_name(&request.get_ref().name).map_err(status)?;
        let key = store.get(id).await.map_err(status)?;
        Ok(Response::new(convert::key(key, Timestamp::now())))
    }

    async fn list_api_keys(
        &self,
        request: Request<wire::ListApiKeysRequest>,
    ) -> Result<Response<wire::ListApiKeysResponse>, Status> {
        let store = self.store(request.extensions())?;
        let wire::ListApiKeysRequest { page_size: size, page_token, owner } = request.get_ref();
        let size = page_size(*size).map_err(status)?;
        let owner = Some(owner.as_str()).filter(|owner| !owner.is_empty());
        let after = Some(page_token.as_str()).filter(|token| !token.is_empty());
        if let Some(owner) = owner {
            convert::check_owner("owner", owner).map_err(status)?;
        }
        let page = store.list(owner, size, after).await.map_err(status)?;
        let now = Timestamp::now();
        let api_keys = page.keys.into_iter().map(|key| convert::key(key, now)).collect();
        let next_page_token = page.next.unwrap_or_default();
        Ok(Response::new(wire::ListApiKeysResponse { api_keys, next_page_token }))
    }

    async fn revoke_api_key(
        &self,
        request: Request<wire::RevokeApiKeyRequest>,
    ) -> Result<Response<wire::ApiKey>, Status> {
        let (store, admin) =
            (self.store(request.extensions())?, owner(request.extensions()).map_err(status)?);
        let id = convert::key_name(&request.get_ref().name).map_err(status)?;
        let key = store.revoke(id).await.map_err(status)?;
        tracing::info!(
            target: "ondol::audit", by = %admin, key = key.id, owner = key.owner, grants = key.grants.to_line(),
            "API key revoked"
        );
        Ok(Response::new(convert::key(key, Timestamp::now())))
    }
}
