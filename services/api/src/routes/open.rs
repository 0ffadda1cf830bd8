//! From what an operator says to routes that are connected.

use std::{collections::BTreeMap, sync::Arc};

use arguments::Flaw;
use rpc::{Upstream, UpstreamMetrics, UpstreamSettings};
use tokio::sync::watch;
use tower::retry::budget::TpsBudget;

use super::{
    Metrics, Release, Reload, Route, RouteArguments, Routes, Target, budget,
    file::{File, ReleaseEntry, RouteEntry, TargetEntry},
    gate::Gate,
    pattern::Pattern,
    table::Table,
    turns::Turns,
};
use crate::ApiError;

type Releases = BTreeMap<String, (ReleaseEntry, Arc<Release>)>;

/// Connects to every release; `base` says how, and where without a file. Connections are made in the background. With a
/// file the routes change when it does, as long as somebody follows it.
pub(crate) fn open(
    arguments: &RouteArguments,
    base: &UpstreamSettings,
    upstreams: &UpstreamMetrics,
    metrics: Metrics,
) -> Result<(watch::Receiver<Arc<Routes>>, Option<Reload>), ApiError> {
    let Some(path) = &arguments.routes else {
        let release = Release::only(base.name, Upstream::connect(base, upstreams)?);
        let (_, routes) = watch::channel(Arc::new(alone(release, metrics)));
        return Ok((routes, None));
    };
    let opener = Opener::new(base.clone(), upstreams.clone(), metrics.clone());
    let (reload, routes) = Reload::begin(path.clone(), opener, metrics)?;
    Ok((routes, Some(reload)))
}

/// Every model is run by one.
fn alone(release: Release, metrics: Metrics) -> Routes {
    let release = Arc::new(release);
    let target = Arc::new(Target::new(Arc::clone(&release), None));
    let route = Route {
        pattern: Pattern::Beginning(String::new()),
        targets: vec![target],
        turns: Turns::new(vec![1]),
        hedge_after: None,
    };
    Routes::new(Table::new(vec![route]), vec![release], metrics, budget())
}

/// One route of every model over channels that are there.
#[cfg(test)]
pub(crate) fn over(upstreams: Vec<Upstream>) -> watch::Receiver<Arc<Routes>> {
    let metrics = Metrics::register(&mut prometheus_client::registry::Registry::default());
    let releases: Vec<_> =
        upstreams.into_iter().map(|it| Arc::new(Release::new("tested", it, None))).collect();
    let route = Route {
        pattern: Pattern::Beginning(String::new()),
        targets: releases.iter().map(|it| Arc::new(Target::new(Arc::clone(it), None))).collect(),
        turns: Turns::new(vec![1; releases.len()]),
        hedge_after: None,
    };
    watch::channel(Arc::new(Routes::new(Table::new(vec![route]), releases, metrics, budget()))).1
}

/// What it takes to open the routes of a file, also of one that has changed.
pub(super) struct Opener {
    base: UpstreamSettings,
    upstreams: UpstreamMetrics,
    metrics: Metrics,
    /// One for all, so that a change does not fill it up.
    budget: Arc<TpsBudget>,
    /// Those that are connected.
    releases: Releases,
    /// Labels and errors want names that last as long as the process; each is made once.
    names: BTreeMap<String, Names>,
}

/// How a release is called.
#[derive(Clone, Copy)]
struct Names {
    /// As an upstream.
    label: &'static str,
    /// As callers and figures of routes have it.
    told: &'static str,
}

impl Opener {
    pub(super) fn new(base: UpstreamSettings, upstreams: UpstreamMetrics, metrics: Metrics) -> Self {
        let (releases, names) = (Releases::new(), BTreeMap::new());
        Self { base, upstreams, metrics, budget: budget(), releases, names }
    }

    /// The routes of a file, and the channels that they leave behind. A release that is as it was keeps its connection.
    /// After an error all is as it was.
    pub(super) fn open(&mut self, file: &File) -> Result<(Routes, Vec<Upstream>), ApiError> {
        let mut releases = Releases::new();
        for (name, entry) in &file.releases {
            let release = match self.releases.get(name) {
                Some((before, release)) if before == entry => Arc::clone(release),
                _ => Arc::new(self.connect(name, entry)?),
            };
            releases.insert(name.clone(), (entry.clone(), release));
        }
        let routes = file.routes.iter().map(|entry| route(entry, &releases)).collect::<Result<_, Flaw>>()?;
        let all: Vec<_> = releases.values().map(|(_, release)| Arc::clone(release)).collect();
        let before = std::mem::replace(&mut self.releases, releases);
        let gone = before.into_values().map(|(_, release)| release);
        let gone = gone.filter(|release| !all.iter().any(|other| Arc::ptr_eq(other, release)));
        let gone = gone.map(|release| release.upstream()).collect();
        let routes = Routes::new(Table::new(routes), all, self.metrics.clone(), Arc::clone(&self.budget));
        Ok((routes, gone))
    }

    /// The channels to all releases.
    pub(super) fn upstreams(&self) -> Vec<Upstream> {
        self.releases.values().map(|(_, release)| release.upstream()).collect()
    }

    fn connect(&mut self, name: &str, entry: &ReleaseEntry) -> Result<Release, ApiError> {
        let base = self.base.name;
        let names = self.names.entry(name.to_owned()).or_insert_with(|| Names {
            label: format!("{base}-{name}").leak(),
            told: name.to_owned().leak(),
        });
        let Names { label, told } = *names;
        let upstream = Upstream::connect(&settings(label, name, entry, &self.base)?, &self.upstreams)?;
        let gate = entry.concurrency.as_ref().map(|it| Gate::new(it.settings(), self.metrics.gate(told)));
        Ok(Release::new(told, upstream, gate))
    }
}

/// How a release is called: as the flags for llm-inference say, at its own URL.
fn settings(
    label: &'static str,
    name: &str,
    entry: &ReleaseEntry,
    base: &UpstreamSettings,
) -> Result<UpstreamSettings, Flaw> {
    let is_secure = entry.url.scheme_str() == Some("https");
    if is_secure && base.tls_ca.is_none() {
        let said = format!("an https URL needs --{}-tls-ca, the authority to trust", base.name);
        return Err(Flaw::new(format!("releases.{name}.url"), said));
    }
    if !is_secure && entry.tls_name.is_some() {
        let said = "only an https URL has a certificate with a name: take it out, or give an https URL";
        return Err(Flaw::new(format!("releases.{name}.tls_name"), said));
    }
    let settings = UpstreamSettings {
        name: label,
        url: entry.url.clone(),
        // The name in the certificate of --llm-inference-url is not this one's.
        tls_name: entry.tls_name.clone(),
        ..base.clone()
    };
    if is_secure {
        return Ok(settings);
    }
    Ok(UpstreamSettings { tls_ca: None, tls_cert: None, tls_key: None, ..settings })
}

fn route(entry: &RouteEntry, releases: &Releases) -> Result<Route, Flaw> {
    // Both were checked when the file was read.
    let pattern = Pattern::read(&entry.model).map_err(|problem| Flaw::new("routes", problem))?;
    let target = |entry: &TargetEntry| match releases.get(&entry.release) {
        Some((_, release)) => Ok(Arc::new(Target::new(Arc::clone(release), entry.model.clone()))),
        None => Err(Flaw::new("routes", "no such release")),
    };
    let targets = entry.targets.iter().chain(&entry.fallback).map(target).collect::<Result<_, Flaw>>()?;
    let turns = Turns::new(entry.targets.iter().map(TargetEntry::weight).collect());
    Ok(Route { pattern, targets, turns, hedge_after: entry.hedge_after })
}
