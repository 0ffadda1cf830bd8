//! From what an operator says to routes that are connected.

use std::{collections::BTreeMap, sync::Arc};

use rpc::{Upstream, UpstreamMetrics, UpstreamSettings};

use super::{
    Metrics, Release, Route, RouteArguments, Routes, Target,
    file::{File, ReleaseEntry, RouteEntry, TargetEntry},
    gate::Gate,
    pattern::Pattern,
    table::Table,
    turns::Turns,
};
use crate::ApiError;

type Releases = BTreeMap<String, Arc<Release>>;

/// Connects to every release; `base` says how, and where without a file. Connections are made in the background.
pub(crate) fn open(
    arguments: &RouteArguments,
    base: &UpstreamSettings,
    upstreams: &UpstreamMetrics,
    metrics: Metrics,
) -> Result<Routes, ApiError> {
    let Some(file) = arguments.read()? else {
        let upstream = Upstream::connect(base, upstreams)?;
        return Ok(alone(Release::only(base.name, upstream), metrics));
    };
    let releases = connect(&file, base, (upstreams, &metrics))?;
    let routes = file.routes.iter().map(|entry| route(entry, &releases)).collect::<Result<_, _>>()?;
    Ok(Routes::new(Table::new(routes), releases.into_values().collect(), metrics))
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
    Routes::new(Table::new(vec![route]), vec![release], metrics)
}

fn connect(
    file: &File,
    base: &UpstreamSettings,
    (upstreams, metrics): (&UpstreamMetrics, &Metrics),
) -> Result<Releases, ApiError> {
    let mut releases = Releases::new();
    for (name, entry) in &file.releases {
        // Labels and errors want names that last as long as the process; the file is read once in it.
        let label: &'static str = format!("{}-{name}", base.name).leak();
        let upstream = Upstream::connect(&settings(label, name, entry, base)?, upstreams)?;
        let told: &'static str = name.clone().leak();
        let gate = entry.concurrency.as_ref().map(|entry| Gate::new(entry.settings(), metrics.gate(told)));
        releases.insert(name.clone(), Arc::new(Release::new(told, upstream, gate)));
    }
    Ok(releases)
}

/// How a release is called: as the flags for llm-inference say, at its own URL.
fn settings(
    label: &'static str,
    name: &str,
    entry: &ReleaseEntry,
    base: &UpstreamSettings,
) -> Result<UpstreamSettings, ApiError> {
    let is_secure = entry.url.scheme_str() == Some("https");
    if is_secure && base.tls_ca.is_none() {
        let said = format!("an https URL needs --{}-tls-ca, the authority to trust", base.name);
        return Err(ApiError::route(format!("releases.{name}.url"), said));
    }
    if !is_secure && entry.tls_name.is_some() {
        let said = "only an https URL has a certificate with a name";
        return Err(ApiError::route(format!("releases.{name}.tls_name"), said));
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

fn route(entry: &RouteEntry, releases: &Releases) -> Result<Route, ApiError> {
    // Both were checked when the file was read.
    let pattern = Pattern::read(&entry.model).map_err(|problem| ApiError::route("routes", problem))?;
    let target = |entry: &TargetEntry| match releases.get(&entry.release) {
        Some(release) => Ok(Arc::new(Target::new(Arc::clone(release), entry.model.clone()))),
        None => Err(ApiError::route("routes", "no such release")),
    };
    let targets = entry.targets.iter().chain(&entry.fallback).map(target).collect::<Result<_, _>>()?;
    let turns = Turns::new(entry.targets.iter().map(TargetEntry::weight).collect());
    Ok(Route { pattern, targets, turns, hedge_after: entry.hedge_after })
}
