//! The port: what every tool does.

use async_trait::async_trait;

use crate::{Call, Output, ToolsError};

/// Something that can be called. Whoever calls it has checked the arguments against the tool's schema, and holds what
/// comes back against the other one.
///
/// A call that is no longer wanted is dropped: what it started elsewhere has to be stopped by the guards that it holds.
#[async_trait]
pub trait Tool: Send + Sync + 'static {
    /// Does it. What the upstream refused for a reason that the caller can mend is an [`Output::refusal`]; an error is
    /// what counts against the upstream, or against us.
    async fn call(&self, call: Call) -> Result<Output, ToolsError>;
}
