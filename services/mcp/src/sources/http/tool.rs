//! A tool that is one request.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use secrets::Redactor;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tools::{Call, Output, Preparing, Tool, ToolsError};

use super::{answer::Reading, plan::Plan};
use crate::remote::{Given, Remote};

/// A tool that is one request.
pub(super) struct Asking {
    pub(super) upstream: Arc<Remote>,
    pub(super) plan: Plan,
    /// What is sent for arguments that were not given.
    pub(super) defaults: Map<String, Value>,
    pub(super) reading: Reading,
}

#[async_trait]
impl Tool for Asking {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let (key, preparing) = (key(&call, &self.reading.name), call.preparing.clone());
        let mut arguments = call.arguments;
        for (name, value) in &self.defaults {
            arguments.entry(name.as_str()).or_insert_with(|| value.clone());
        }
        let (mut given, mut response) = self.ask(&arguments, &key, &preparing).await?;
        // A token may have been withdrawn before its time, and a secret rotated.
        if response.status == StatusCode::UNAUTHORIZED
            && preparing.during(self.upstream.auth.renew(&given, &self.upstream.secrets)).await
        {
            (given, response) = self.ask(&arguments, &key, &preparing).await?;
        }
        let redactor = Redactor::of(&given.0);
        self.reading.read(response, &redactor).await
    }
}

/// What the API knows this call by: the same in all its attempts, and another for whoever else sends the same request id, be
/// it another caller or the same one with something else to do.
fn key(call: &Call, tool: &str) -> String {
    let mut digest = Sha256::new();
    let arguments = Value::Object(call.arguments.clone()).to_string();
    for part in [&*call.caller.principal, tool, &call.request_id, &arguments] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = hex::encode(digest.finalize());
    digest.get(..32).unwrap_or_default().to_owned()
}

impl Asking {
    async fn ask(
        &self,
        arguments: &Map<String, Value>,
        key: &str,
        preparing: &Preparing,
    ) -> Result<(Given, egress::Response), ToolsError> {
        let mut request = self.plan.request(arguments, &self.upstream.headers, key)?;
        let given = preparing.during(self.upstream.auth.apply(&mut request, &self.upstream.secrets)).await?;
        let response =
            self.upstream.egress.send(request).await.map_err(|error| self.reading.unanswered(error))?;
        Ok((given, response))
    }
}
