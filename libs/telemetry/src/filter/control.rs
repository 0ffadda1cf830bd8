//! A filter that changes while the process runs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{Metadata, callsite::rebuild_interest_cache, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

use super::LogFilter;

/// Changes which events are logged. A clone changes the same log.
///
/// What a filter lets through is remembered for each place in the code, so it costs nothing while it does not change.
#[derive(Clone, Debug)]
pub struct LogControl {
    current: Arc<ArcSwap<LogFilter>>,
    first: Arc<LogFilter>,
}

impl LogControl {
    /// Begins with this filter.
    pub fn new(filter: LogFilter) -> Self {
        let first = Arc::new(filter);
        Self { current: Arc::new(ArcSwap::new(Arc::clone(&first))), first }
    }

    /// The filter that holds now.
    pub fn current(&self) -> Arc<LogFilter> {
        self.current.load_full()
    }

    /// The filter that the process was started with.
    pub fn first(&self) -> &LogFilter {
        &self.first
    }

    /// Has another filter hold from now on; returns the one that held.
    pub fn change(&self, filter: LogFilter) -> Arc<LogFilter> {
        self.swap(Arc::new(filter))
    }

    /// Goes back to the filter that the process was started with; returns the one that held.
    pub fn reset(&self) -> Arc<LogFilter> {
        self.swap(Arc::clone(&self.first))
    }

    fn swap(&self, filter: Arc<LogFilter>) -> Arc<LogFilter> {
        let before = self.current.swap(filter);
        rebuild_interest_cache();
        before
    }
}

impl<S> Filter<S> for LogControl {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::<S>::enabled(&self.current.load().targets, metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        Filter::<S>::callsite_enabled(&self.current.load().targets, metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.current.load().targets)
    }
}
