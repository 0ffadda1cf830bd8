//! Where the stack keeps jobs and what they make.

use std::{path::PathBuf, sync::Arc};

use accounts::{
    Clock, Counters, KeyStore, LimitArguments as CallLimitArguments, MemoryCounters, MemoryKeys,
    RedisAccounts, RedisArguments as AccountsArguments,
};
use api::{ArtifactArguments, Backends};
use clap::Args;
use jobs::{LimitArguments, MemoryQueue, Queue, RedisArguments, RedisQueue};
use objects::{Folder, Objects, ObjectsArguments};
use worker::WorkArguments;

use crate::folders::data;

/// The settings of jobs. Without a Redis the queue lives in this process, and ends with it; without a store artifacts lie
/// in a folder.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("redis_url", |url| url.default_value(None::<&'static str>)),
    mut_arg("objects_url", |url| url.required(false))
)]
pub(crate) struct BackendArguments {
    /// The folder of uploads and artifacts, unless --objects-url names a store
    #[arg(long, env = "ONDOL_OBJECTS_FOLDER", value_name = "DIR", help_heading = "Objects",
          default_value_os_t = data().join("objects"))]
    objects_folder: PathBuf,
    #[command(flatten)]
    redis: Option<RedisArguments>,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    pub(super) accounts: AccountsArguments,
    #[command(flatten)]
    pub(super) call_limits: CallLimitArguments,
    #[command(flatten)]
    objects: Option<ObjectsArguments>,
    #[command(flatten)]
    pub(super) work: WorkArguments,
    #[command(flatten)]
    pub(super) artifacts: ArtifactArguments,
}

/// What api and worker share in one process.
pub(super) struct Opened {
    pub(super) queue: Arc<dyn Queue>,
    /// The same over connections of its own, for signs of life.
    pub(super) heart: Arc<dyn Queue>,
    pub(super) objects: Arc<dyn Objects>,
    /// Keys that are created while this process runs, and end with it unless they are in Redis.
    pub(super) keys: Arc<dyn KeyStore>,
    /// What has been used, for limits, which is forgotten with this process unless it is in Redis.
    pub(super) counters: Arc<dyn Counters>,
}

impl BackendArguments {
    /// Opens the queue and the store.
    pub(super) async fn open(&self) -> anyhow::Result<Opened> {
        let (queue, heart): (Arc<dyn Queue>, Arc<dyn Queue>) = if let Some(redis) = &self.redis {
            let queue = RedisQueue::new(redis.clone().options()?, worker::policies()?)?;
            let heart = queue.apart()?;
            (Arc::new(queue), Arc::new(heart))
        } else {
            let queue = MemoryQueue::new(worker::policies()?);
            (Arc::new(queue.clone()), Arc::new(queue))
        };
        if let Some(limits) = self.limits.clone().limits()? {
            queue.set_limits(&limits).await?;
        }
        let objects: Arc<dyn Objects> = match &self.objects {
            Some(objects) => objects.open().await?,
            None => Arc::new(Folder::open(&self.objects_folder).await?),
        };
        let (keys, counters): (Arc<dyn KeyStore>, Arc<dyn Counters>) =
            if let Some(options) = self.accounts.clone().options() {
                let accounts = Arc::new(RedisAccounts::new(&options)?);
                (accounts.clone(), accounts)
            } else {
                (Arc::new(MemoryKeys::default()), Arc::new(MemoryCounters::new(Clock::default())))
            };
        Ok(Opened { queue, heart, objects, keys, counters })
    }
}

impl Opened {
    /// As mcp takes them.
    pub(super) fn for_mcp(&self) -> mcp::Backends {
        mcp::Backends { objects: Some(self.objects.clone()), keys: Some(self.keys.clone()) }
    }

    /// As api takes them.
    pub(super) fn for_api(&self) -> Backends {
        Backends {
            queue: Some(self.queue.clone()),
            objects: Some(self.objects.clone()),
            keys: Some(self.keys.clone()),
            counters: Some(self.counters.clone()),
        }
    }
}
