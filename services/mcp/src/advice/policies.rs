//! Settings of policies that do nothing where they stand.

use std::time::Duration;

use tools::{Annotations, Mounted};

use crate::{Config, config::PolicyConfig};

/// A table of policies, the one around it, and the tools that it is about.
struct Table<'a> {
    place: String,
    own: &'a PolicyConfig,
    around: PolicyConfig,
    tools: Vec<Annotations>,
    /// Why its tools are what they are.
    hint: &'static str,
}

const OF_APIS: &str =
    "; if calls of it can be repeated, say `idempotent = true` or name an `idempotency_header`";
const OF_OTHERS: &str = "; another server's tools are believed to be more only with `trust_hints = true`";

pub(super) fn told(config: &Config, tools: &[Mounted]) -> Vec<String> {
    let mut told: Vec<_> =
        overlong("[policy]", &config.policy, &PolicyConfig::default()).into_iter().collect();
    for table in tables(config, tools) {
        told.extend(overlong(&table.place, table.own, &table.around));
        told.extend(table.idle());
    }
    told
}

fn tables<'a>(config: &'a Config, tools: &[Mounted]) -> Vec<Table<'a>> {
    let sources = sources(config);
    let mut tables = Vec::new();
    for &(ref source, own, trusted) in &sources {
        let beginning = format!("{}_", source.rsplit('.').next().unwrap_or_default());
        let its = tools.iter().filter(|tool| tool.descriptor.name.as_str().starts_with(&beginning));
        let its: Vec<_> = its.map(|tool| tool.descriptor.annotations).collect();
        let place = format!("[{source}.policy]");
        let hint = if trusted { "" } else { OF_OTHERS };
        let its = if source.starts_with("upstreams.") { others(trusted) } else { its };
        tables.push(Table { place, own, around: config.policy.clone(), tools: its, hint });
    }
    for (name, own) in &config.tools {
        let is_its = |source: &str| {
            name.strip_prefix(source.rsplit('.').next().unwrap_or_default())
                .is_some_and(|rest| rest.starts_with('_'))
        };
        // The longest beginning is the nearest.
        let source =
            sources.iter().filter(|(source, ..)| is_its(source)).max_by_key(|(source, ..)| source.len());
        let around =
            source.map_or_else(|| config.policy.clone(), |(_, source, _)| source.over(&config.policy));
        let known = tools.iter().find(|tool| tool.descriptor.name.as_str() == name);
        let (its, hint) = match (known, source) {
            (Some(tool), Some((source, ..))) => {
                let hint = if source.starts_with("http.") { OF_APIS } else { "" };
                (vec![tool.descriptor.annotations], hint)
            }
            (Some(tool), None) => (vec![tool.descriptor.annotations], ""),
            (None, Some((_, _, trusted))) => (others(*trusted), OF_OTHERS),
            (None, None) => continue,
        };
        tables.push(Table { place: format!("[tools.{name}]"), own, around, tools: its, hint });
    }
    tables
}

/// The sources by the names of their tables, with their policies, and whether what their tools say of themselves is believed.
fn sources(config: &Config) -> Vec<(String, &PolicyConfig, bool)> {
    let s3 = config.s3.iter().map(|s3| ("s3".to_owned(), &s3.policy, true));
    let athena = config.athena.iter().map(|athena| ("athena".to_owned(), &athena.policy, true));
    let apis = config.http.iter().map(|(name, api)| (format!("http.{name}"), &api.policy, true));
    let others = config.upstreams.iter();
    let others =
        others.map(|(name, server)| (format!("upstreams.{name}"), &server.policy, server.trust_hints));
    s3.chain(athena).chain(apis).chain(others).collect()
}

/// What another server's tools are taken for. What they are where they are believed is not known before they are seen.
fn others(trusted: bool) -> Vec<Annotations> {
    if trusted { Vec::new() } else { vec![Annotations::UNKNOWN] }
}

impl Table<'_> {
    fn idle(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.tools.is_empty() {
            return told;
        }
        let place = &self.place;
        if let Some(setting) = self.own.repeats()
            && !self.tools.iter().any(|tool| tool.idempotent)
        {
            let hint = self.hint;
            told.push(format!(
                "{place} {setting} does nothing: only what is idempotent is tried again{hint}"
            ));
        }
        if let Some(setting) = self.own.keeps()
            && !self.tools.iter().any(|tool| tool.read_only)
        {
            let hint = if self.hint == OF_OTHERS { OF_OTHERS } else { "" };
            told.push(format!(
                "{place} {setting} does nothing: answers are kept only of tools that only read{hint}"
            ));
        }
        told
    }
}

fn overlong(place: &str, own: &PolicyConfig, around: &PolicyConfig) -> Option<String> {
    let (attempt, whole) = own.overlong_attempt(around)?;
    Some(format!(
        "{place} attempt_timeout ({}) is longer than timeout ({}), which ends the call before",
        seconds(attempt),
        seconds(whole)
    ))
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
