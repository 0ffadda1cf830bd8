//! The tools of this moment.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::{Call, Caller, Descriptor, Output, Policy, ToolName, ToolsError, stack::Limits};

/// A tool with its policy around it.
#[derive(Clone)]
pub struct Mounted {
    /// What callers are told.
    pub descriptor: Arc<Descriptor>,
    /// What configuration says.
    pub policy: Arc<Policy>,
    /// What its calls share with those of [`crate::Workshop::mount_beside`].
    pub(crate) limits: Limits,
    pub(crate) service: BoxCloneSyncService<Call, Output, ToolsError>,
}

impl Mounted {
    /// Calls the tool, through its policy.
    pub async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        self.service.clone().oneshot(call).await
    }

    /// Whether this caller is told of the tool.
    pub fn is_for(&self, caller: &Caller) -> bool {
        self.policy.enabled && self.policy.allow.missing(&self.descriptor.name, caller).is_none()
    }
}

/// All tools, by name. Clones share them.
#[derive(Clone, Default)]
pub struct Registry {
    tools: Arc<ArcSwap<BTreeMap<ToolName, Mounted>>>,
}

impl Registry {
    /// Puts these tools in the place of those before. Calls that run go on as they began.
    pub fn replace(&self, tools: Vec<Mounted>) {
        let tools = tools.into_iter().map(|tool| (tool.descriptor.name.clone(), tool)).collect();
        self.tools.store(Arc::new(tools));
    }

    /// The tools that this caller may call, by name.
    pub fn list(&self, caller: &Caller) -> Vec<Mounted> {
        self.tools.load().values().filter(|tool| tool.is_for(caller)).cloned().collect()
    }

    /// One of them. A tool that this caller may not know of is not there.
    pub fn get(&self, name: &str, caller: &Caller) -> Result<Mounted, ToolsError> {
        self.find(name)
            .filter(|tool| tool.is_for(caller))
            .ok_or_else(|| ToolsError::NotFound { name: shown(name) })
    }

    /// Calls a tool. Whether the caller may is decided by the tool's policy, which also writes it down.
    pub async fn call(&self, name: &str, call: Call) -> Result<Output, ToolsError> {
        let tool = self.find(name).ok_or_else(|| ToolsError::NotFound { name: shown(name) })?;
        tool.call(call).await
    }

    /// One of them, whoever asks: for checks that tell nobody of it.
    pub fn find(&self, name: &str) -> Option<Mounted> {
        let name = ToolName::new(name).ok()?;
        self.tools.load().get(&name).cloned()
    }
}

/// A name as it can be repeated: whatever was sent is not, if it could not be a name.
fn shown(name: &str) -> String {
    if ToolName::new(name).is_ok() { name.to_owned() } else { "of this name".to_owned() }
}
