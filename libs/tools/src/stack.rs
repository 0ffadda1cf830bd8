//! The column that every call goes through.

use std::sync::Arc;

use tokio::time::Instant;
use tower::{
    ServiceBuilder,
    retry::RetryLayer,
    service_fn,
    util::{BoxCloneSyncService, option_layer},
};

use crate::{
    Breakers, Call, Descriptor, Metrics, Mounted, Output, Overflow, Policy, Schema, Tool, ToolsError,
    policy::{AdmitLayer, AroundLayer, Attempt, Cached, Held, Rate, Recorded, RetryPolicy, Seats},
};

/// Where policies are put around tools.
#[derive(Clone)]
pub struct Workshop {
    /// Where calls are counted.
    pub metrics: Metrics,
    /// The breakers of all upstreams.
    pub breakers: Breakers,
    /// Where answers go that are too large.
    pub overflow: Option<Overflow>,
}

/// What holds for all calls of a tool together, whichever way they come in.
#[derive(Clone)]
pub(crate) struct Limits {
    upstream: Arc<str>,
    rate: Option<Arc<Rate>>,
    seats: Arc<Seats>,
}

impl Workshop {
    /// Puts a policy around a tool. `upstream` is whom the tool calls, as breakers and metrics name it.
    pub fn mount(
        &self,
        tool: Arc<dyn Tool>,
        descriptor: Descriptor,
        policy: Policy,
        upstream: &str,
    ) -> Result<Mounted, ToolsError> {
        let descriptor = Arc::new(descriptor);
        let limits = Limits {
            upstream: upstream.into(),
            rate: policy.rate.map(Rate::new).map(Arc::new),
            seats: Arc::new(Seats::new(descriptor.name.as_str(), policy.concurrency)),
        };
        self.mount_with(tool, descriptor, Arc::new(policy), limits)
    }

    /// Another way into a tool that is mounted already: under its name, switch, rate, seats and breaker, though it may take
    /// and answer something else, of another size. Nothing of it is kept, and what is too large is refused.
    pub fn mount_beside(
        &self,
        mounted: &Mounted,
        tool: Arc<dyn Tool>,
        (input, output): (Schema, Option<Schema>),
        max_answer_bytes: usize,
    ) -> Result<Mounted, ToolsError> {
        let descriptor = Arc::new(Descriptor { input, output, ..(*mounted.descriptor).clone() });
        let policy = Arc::new(Policy { cache: None, max_answer_bytes, ..(*mounted.policy).clone() });
        let workshop = Self { overflow: None, ..self.clone() };
        workshop.mount_with(tool, descriptor, policy, mounted.limits.clone())
    }

    fn mount_with(
        &self,
        tool: Arc<dyn Tool>,
        descriptor: Arc<Descriptor>,
        policy: Arc<Policy>,
        limits: Limits,
    ) -> Result<Mounted, ToolsError> {
        let service = self.stack(tool, &descriptor, &policy, &limits)?;
        Ok(Mounted { descriptor, policy, limits, service })
    }

    /// Read from the top: what a call meets first stands first.
    fn stack(
        &self,
        tool: Arc<dyn Tool>,
        descriptor: &Arc<Descriptor>,
        policy: &Arc<Policy>,
        limits: &Limits,
    ) -> Result<BoxCloneSyncService<Call, Output, ToolsError>, ToolsError> {
        let name = descriptor.name.as_str();
        let annotations = descriptor.annotations;
        let cache = policy.cache.filter(|_| annotations.read_only);
        let retry = policy.retry.filter(|_| annotations.idempotent);
        let breaker =
            policy.breaker.map(|tripping| self.breakers.of(&limits.upstream, tripping)).transpose()?;
        let rate = limits.rate.clone();
        let (limited, called) = (descriptor.name.clone(), Arc::clone(descriptor));
        let service = ServiceBuilder::new()
            // Outermost, so that whatever is refused below is written down too.
            .layer(AroundLayer::new(Recorded::new(name, self.metrics.clone())))
            // Cheap refusals first: they cost nobody a seat, and a stranger learns nothing from the schema.
            .layer(AdmitLayer::new(admission(descriptor, policy)))
            .layer(AdmitLayer::new(arguments(descriptor)))
            .layer(AdmitLayer::new(move |call: &mut Call| match &rate {
                Some(rate) => rate.take(limited.as_str(), call),
                None => Ok(()),
            }))
            // From here the clock runs: all attempts, and the wait for a seat, lie within it.
            .layer(AdmitLayer::new(deadline(policy)))
            // What is known already needs no seat.
            .layer(option_layer(
                cache.map(|caching| AroundLayer::new(Cached::new(name, caching, self.metrics.clone()))),
            ))
            .layer(AroundLayer::shared(Arc::clone(&limits.seats)))
            // Inside the cache, so that what is kept is small; outside the attempts, so that an answer is put away once.
            .layer(AroundLayer::new(Held::new(name, policy.max_answer_bytes, self.overflow.clone())))
            .layer(option_layer(
                retry.map(|settings| RetryLayer::new(RetryPolicy::new(settings, self.metrics.retries(name)))),
            ))
            // Each attempt is judged by itself, and an open breaker ends the retries.
            .layer(option_layer(breaker))
            // The innermost clock: an upstream that does not answer has failed, and one that lies has too.
            .layer(AroundLayer::new(Attempt::new(
                name,
                &limits.upstream,
                policy.attempt_timeout,
                self.metrics.clone(),
            )))
            .service(service_fn(move |call: Call| {
                let (tool, descriptor) = (Arc::clone(&tool), Arc::clone(&called));
                async move { check(&descriptor, tool.call(call).await?) }
            }));
        Ok(BoxCloneSyncService::new(service))
    }
}

/// Who may call, and the switch.
fn admission(
    descriptor: &Arc<Descriptor>,
    policy: &Arc<Policy>,
) -> impl Fn(&mut Call) -> Result<(), ToolsError> + Send + Sync + 'static {
    let (descriptor, policy) = (Arc::clone(descriptor), Arc::clone(policy));
    move |call| {
        let name = || descriptor.name.to_string();
        // First, since only those who could call it otherwise are told that it is switched off.
        if let Some(missing) = policy.allow.missing(&descriptor.name, &call.caller) {
            return Err(ToolsError::Forbidden { name: name(), missing });
        }
        if policy.enabled { Ok(()) } else { Err(ToolsError::SwitchedOff { name: name() }) }
    }
}

fn arguments(
    descriptor: &Arc<Descriptor>,
) -> impl Fn(&mut Call) -> Result<(), ToolsError> + Send + Sync + 'static {
    let descriptor = Arc::clone(descriptor);
    move |call| descriptor.input.check_arguments(&call.arguments)
}

/// The tool's own patience, unless the caller's is shorter.
fn deadline(policy: &Arc<Policy>) -> impl Fn(&mut Call) -> Result<(), ToolsError> + Send + Sync + 'static {
    let timeout = policy.timeout;
    move |call| {
        let whole = call.patience(timeout);
        call.whole = Some(whole);
        call.deadline = Some(Instant::now() + whole);
        Ok(())
    }
}

/// An answer is what the tool said it would be, or it is none.
fn check(descriptor: &Descriptor, answer: Output) -> Result<Output, ToolsError> {
    let Some(schema) = descriptor.output.as_ref().filter(|_| !answer.is_error) else { return Ok(answer) };
    let problem = match &answer.structured {
        Some(value) => schema.problem("answer", value),
        None => Some("there is no structured answer".to_owned()),
    };
    let Some(problem) = problem else { return Ok(answer) };
    let problem = format!("it does not fit the tool's output schema: {problem}");
    Err(ToolsError::BadAnswer { name: descriptor.name.to_string(), problem })
}
