//! A place where a model is run: a release, and the model's name there.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Release, standing::Standing};

/// One target of a route.
pub(crate) struct Target {
    release: Arc<Release>,
    model: Option<String>,
    standing: Standing,
}

impl Target {
    pub(super) fn new(release: Arc<Release>, model: Option<String>) -> Self {
        Self { release, model, standing: Standing::default() }
    }

    /// The release.
    pub(crate) fn release(&self) -> &Arc<Release> {
        &self.release
    }

    /// What the model that a caller named is called here.
    pub(crate) fn model<'a>(&'a self, named: &'a str) -> &'a str {
        self.model.as_deref().unwrap_or(named)
    }

    /// Whether calls should come here.
    pub(super) fn admits(&self, now: Instant) -> bool {
        self.release.is_connected() && self.standing.admits(now)
    }

    /// A call comes.
    pub(crate) fn called(&self) {
        self.standing.called(Instant::now());
    }

    /// It answered, good or bad.
    pub(crate) fn answered(&self) {
        self.standing.answered();
    }

    /// It was not there.
    pub(crate) fn unavailable(&self) {
        self.standing.unavailable(Instant::now());
    }

    /// It was there, and had no room.
    pub(crate) fn full(&self, retry_after: Option<Duration>) {
        self.standing.full(Instant::now(), retry_after);
    }
}
