//! From arguments to a worker at work.

use std::sync::Arc;

use artifacts::Shelf;
use jobs::{Heart, JobsError, Limits, Metrics, Name, Queue, RedisQueue, Timing};
use objects::Objects;
use rpc::{Upstream, UpstreamMetrics, UpstreamName, UpstreamSettings};
use runtime::Life;
use uuid::Uuid;

use crate::{
    Arguments, WorkArguments, WorkerError,
    consumer::Consumer,
    grpc::{Generator, Toolbox},
    handlers::{Handlers, all},
    policies::policies,
    run::Shop,
    upkeep::Upkeep,
};

/// The service that runs the models.
#[derive(Clone, Copy, Debug)]
pub struct LlmInference;

impl UpstreamName for LlmInference {
    const NAME: &'static str = "llm-inference";
    const DEFAULT_URL: &'static str = "http://127.0.0.1:50052";
}

/// The service that has the tools, and the way to receivers of webhooks.
#[derive(Clone, Copy, Debug)]
pub struct Mcp;

impl UpstreamName for Mcp {
    const NAME: &'static str = "mcp";
    const DEFAULT_URL: &'static str = "http://127.0.0.1:50053";
}

/// What a worker is connected to.
pub struct Connections {
    /// Where jobs come from.
    pub queue: Arc<dyn Queue>,
    /// The same over connections that nothing else uses, for the signs of life.
    pub heart: Arc<dyn Queue>,
    /// Where results go.
    pub objects: Arc<dyn Objects>,
    /// Where text is generated.
    pub llm_inference: Upstream,
    /// Where tools are called and webhooks sent, if this worker does that.
    pub mcp: Option<Upstream>,
}

/// Connects, then works until `life` drains.
pub async fn start(arguments: Arguments, life: Life) -> Result<(), WorkerError> {
    let queue = RedisQueue::new(arguments.redis.options()?, policies()?)?;
    let heart = queue.apart()?;
    let objects = arguments.objects.open().await?;
    limit(&queue, arguments.limits.limits()?, &life);
    let metrics = life.register(UpstreamMetrics::register);
    let mcp = arguments.mcp.settings.as_ref();
    let connections = Connections {
        queue: Arc::new(queue),
        heart: Arc::new(heart),
        objects,
        llm_inference: Upstream::connect(&arguments.llm_inference.settings, &metrics)?,
        mcp: mcp.map(|settings| Upstream::connect(settings, &metrics)).transpose()?,
    };
    start_on(connections, &arguments.work, &life)
}

/// The same on connections that the process has already.
pub fn start_on(connections: Connections, work: &WorkArguments, life: &Life) -> Result<(), WorkerError> {
    let Connections { queue, heart, objects, llm_inference, mcp } = connections;
    let toolbox = mcp.clone().map(|mcp| Toolbox::new(mcp, work.patience));
    let handlers = all(&Generator::new(llm_inference.clone(), work.patience), toolbox.as_ref(), &queue)?;
    let kinds = kinds(&handlers, work)?;
    let metrics = life.register(Metrics::register);
    let shop = Shop {
        queue: Arc::clone(&queue),
        heart: Heart::start(heart, Timing::default())?,
        shelf: Shelf::new(Arc::clone(&objects)),
        handlers,
        metrics: metrics.clone(),
    };
    // The process's own name would do on one machine; in a cluster two pods could have it.
    let worker = Name::new("worker", &format!("worker-{}", Uuid::now_v7().simple()))?;
    let upkeep = Upkeep { queue, objects: Arc::clone(&objects), metrics };
    let consumer = Consumer::new(Arc::new(shop), worker, kinds);
    let consuming = life.clone();
    life.spawn("jobs", async move {
        consumer.work(consuming).await;
        objects.close().await;
        llm_inference.closed().await;
        if let Some(mcp) = mcp {
            mcp.closed().await;
        }
    });
    life.spawn("upkeep", upkeep.work(life.draining()));
    Ok(())
}

/// The ways to llm-inference and to mcp, with their metrics.
pub fn connect(settings: [&UpstreamSettings; 2], life: &Life) -> Result<[Upstream; 2], WorkerError> {
    let metrics = life.register(UpstreamMetrics::register);
    let [llm_inference, mcp] = settings.map(|settings| Upstream::connect(settings, &metrics));
    Ok([llm_inference?, mcp?])
}

/// The kinds to consume, each with its concurrency.
fn kinds(handlers: &Handlers, work: &WorkArguments) -> Result<Vec<(Name, u32)>, WorkerError> {
    let known: Vec<_> = handlers.kinds().collect();
    if let Some((kind, _)) = work.concurrency_of.iter().find(|(kind, _)| !known.contains(&kind.as_str())) {
        return Err(WorkerError::UnknownKind { kind: kind.clone(), known: known.join(", ") });
    }
    let named = known.into_iter().map(|kind| Ok((Name::new("kind", kind)?, work.concurrency(kind))));
    let named: Result<Vec<_>, WorkerError> = named.collect();
    Ok(named?.into_iter().filter(|(_, room)| *room > 0).collect())
}

/// Has the queue hold to the limits, as soon as it can be reached. Where none were given it keeps those that it has.
fn limit(queue: &RedisQueue, limits: Option<Limits>, life: &Life) {
    let (queue, draining) = (queue.clone(), life.draining());
    let ready = life.readiness("queue");
    life.spawn("limits", async move {
        let setting = async {
            while let Err(problem) = reach(&queue, limits.as_ref()).await {
                ready.not_ready(problem.to_string());
                tracing::warn!("cannot reach the queue: {}", fault::Chain(&problem));
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            }
            ready.ready();
        };
        tokio::select! {
            () = draining => {}
            () = setting => {}
        }
    });
}

async fn reach(queue: &RedisQueue, limits: Option<&Limits>) -> Result<(), JobsError> {
    match limits {
        Some(limits) => queue.set_limits(limits).await,
        None => queue.stats().await.map(drop),
    }
}
