//! The routes of all models.

use std::sync::Arc;

use super::{Release, Route};

/// Finds the route of a model.
pub(super) struct Table {
    /// The closest first, so that the first that fits counts.
    routes: Vec<Arc<Route>>,
}

impl Table {
    pub(super) fn new(routes: Vec<Route>) -> Self {
        let mut routes: Vec<_> = routes.into_iter().map(Arc::new).collect();
        routes.sort_by_key(|route| std::cmp::Reverse(route.pattern.closeness()));
        Self { routes }
    }

    pub(super) fn find(&self, model: &str) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.pattern.fits(model))
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &Arc<Route>)> {
        self.routes.iter().filter_map(|route| route.pattern.name().map(|name| (name, route)))
    }

    /// Whether any route leads there.
    pub(super) fn leads_to(&self, release: &Arc<Release>) -> bool {
        let mut targets = self.routes.iter().flat_map(|route| route.targets());
        targets.any(|target| Arc::ptr_eq(target.release(), release))
    }
}
