//! What an operator writes down.

use std::{collections::BTreeMap, time::Duration};

use arguments::{positive_duration, toml_problem};
use contract::model_id;
use http::Uri;
use serde::{Deserialize, Deserializer, de};

use super::{gate::GateSettings, pattern::Pattern};
use crate::ApiError;

/// Routes and releases at most: each release is a connection or more, and routes are looked through for each call.
const MOST: usize = 1_000;
/// Calls at a release, or in the line before it, at most.
const WIDEST: usize = 100_000;
/// How long a call may wait in llm-inference, and before it, where nothing else is said.
const DELAY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(1);
/// A thousandth of the calls is as fine as it gets.
const HEAVIEST: u32 = 1_000;

/// The file, in TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) releases: BTreeMap<String, ReleaseEntry>,
    #[serde(default)]
    pub(super) routes: Vec<RouteEntry>,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseEntry {
    #[serde(deserialize_with = "url")]
    pub(super) url: Uri,
    pub(super) tls_name: Option<String>,
    pub(super) concurrency: Option<ConcurrencyEntry>,
}

/// How many calls run at a release at once. Without it, as many as come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConcurrencyEntry {
    most: u32,
    least: Option<u32>,
    #[serde(default, deserialize_with = "length")]
    delay: Option<Duration>,
    line: Option<u32>,
    #[serde(default, deserialize_with = "length")]
    patience: Option<Duration>,
}

impl ConcurrencyEntry {
    pub(super) fn settings(&self) -> GateSettings {
        GateSettings {
            least: self.least.unwrap_or(1),
            most: self.most,
            delay: self.delay.unwrap_or(DELAY),
            // A full one so costs half of the time that a call takes, whatever that is.
            line: self.line.unwrap_or(self.most / 2) as usize,
            patience: self.patience.unwrap_or(PATIENCE),
        }
    }

    fn check(&self, place: &str) -> Result<(), ApiError> {
        let GateSettings { least, most, line, .. } = self.settings();
        let bound = |field: &str, number: usize, from: usize, to: usize| {
            if (from..=to).contains(&number) {
                return Ok(());
            }
            let said = format!("expected {from} to {to}, got {number}");
            Err(ApiError::route(format!("{place}.{field}"), said))
        };
        bound("most", most as usize, 1, WIDEST)?;
        bound("least", least as usize, 1, most as usize)?;
        bound("line", line, 0, WIDEST)
    }
}

/// A route.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteEntry {
    pub(super) model: String,
    pub(super) targets: Vec<TargetEntry>,
    #[serde(default)]
    pub(super) fallback: Vec<TargetEntry>,
    #[serde(default, deserialize_with = "length")]
    pub(super) hedge_after: Option<Duration>,
}

/// A target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetEntry {
    pub(super) release: String,
    pub(super) model: Option<String>,
    pub(super) weight: Option<u32>,
}

impl TargetEntry {
    /// Its part of the calls.
    pub(super) fn weight(&self) -> u32 {
        self.weight.unwrap_or(1)
    }
}

impl File {
    /// Reads and checks it; an error names the field.
    pub(super) fn from_toml(text: &str) -> Result<Self, ApiError> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let told = toml_problem(text, error.span(), error.message());
            let (line, problem) = told.split_once(": ").unwrap_or(("the file", &told));
            ApiError::route(line, problem)
        })?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<(), ApiError> {
        if self.releases.is_empty() || self.releases.len() > MOST {
            let said = format!("expected 1 to {MOST} releases, got {}", self.releases.len());
            return Err(ApiError::route("releases", said));
        }
        if self.routes.is_empty() || self.routes.len() > MOST {
            let said = format!("expected 1 to {MOST} routes, got {}", self.routes.len());
            return Err(ApiError::route("routes", said));
        }
        if let Some(wrong) = self.releases.keys().find(|name| !is_release(name)) {
            let said = "expected a name in 1 to 40 lower-case letters, digits or `-`";
            return Err(ApiError::route(format!("releases.{wrong:?}"), said));
        }
        for (name, release) in &self.releases {
            let place = format!("releases.{name}.concurrency");
            release.concurrency.as_ref().map_or(Ok(()), |entry| entry.check(&place))?;
        }
        let mut seen = BTreeMap::new();
        for (index, route) in self.routes.iter().enumerate() {
            self.check_route(index, route)?;
            if let Some(before) = seen.insert(&route.model, index) {
                let said = format!("routes[{before}] is for the same model");
                return Err(ApiError::route(format!("routes[{index}].model"), said));
            }
        }
        Ok(())
    }

    fn check_route(&self, index: usize, route: &RouteEntry) -> Result<(), ApiError> {
        let place = |field: &str| format!("routes[{index}].{field}");
        Pattern::read(&route.model).map_err(|problem| ApiError::route(place("model"), problem))?;
        if !route.targets.iter().any(|target| target.weight() > 0) {
            return Err(ApiError::route(place("targets"), "expected a target that has a weight"));
        }
        for (at, target) in route.targets.iter().enumerate() {
            self.check_target(&place(&format!("targets[{at}]")), target)?;
        }
        for (at, target) in route.fallback.iter().enumerate() {
            let place = place(&format!("fallback[{at}]"));
            self.check_target(&place, target)?;
            if target.weight.is_some() {
                let said = "the order is what counts among those that stand in: take it out";
                return Err(ApiError::route(format!("{place}.weight"), said));
            }
        }
        if route.hedge_after.is_some() && route.targets.len() + route.fallback.len() < 2 {
            let said = "expected a second target, which the second try could go to";
            return Err(ApiError::route(place("hedge_after"), said));
        }
        Ok(())
    }

    fn check_target(&self, place: &str, target: &TargetEntry) -> Result<(), ApiError> {
        if !self.releases.contains_key(&target.release) {
            let known: Vec<_> = self.releases.keys().map(String::as_str).collect();
            let said = format!("expected one of {}, got {:?}", known.join(", "), target.release);
            return Err(ApiError::route(format!("{place}.release"), said));
        }
        if let Some(Err(_)) = target.model.as_deref().map(model_id) {
            let said =
                format!("expected a model's name, got {:?}", target.model.as_deref().unwrap_or_default());
            return Err(ApiError::route(format!("{place}.model"), said));
        }
        if target.weight() > HEAVIEST {
            let said = format!("expected 0 to {HEAVIEST}, got {}", target.weight());
            return Err(ApiError::route(format!("{place}.weight"), said));
        }
        Ok(())
    }
}

/// Whether it can be a name in a header and in figures.
fn is_release(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(allowed)
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uri, D::Error> {
    rpc::parse_url(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    positive_duration(&String::deserialize(deserializer)?).map(Some).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::File;

    const RELEASES: &str =
        "[releases.blue]\nurl = \"http://blue:1\"\n[releases.green]\nurl = \"http://green:1\"\n";

    fn read(routes: &str) -> Result<File, String> {
        File::from_toml(&format!("{RELEASES}{routes}")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_read() {
        let file = read(
            "[[routes]]\nmodel = \"qwen*\"\nhedge_after = \"300ms\"\n\
             targets = [{ release = \"blue\", weight = 9 }, { release = \"green\", model = \"qwen-new\" }]\n\
             fallback = [{ release = \"green\", model = \"tiny\" }]\n",
        )
        .unwrap();
        let route = &file.routes[0];
        assert_eq!(route.hedge_after, Some(Duration::from_millis(300)));
        assert_eq!(route.targets.iter().map(super::TargetEntry::weight).collect::<Vec<_>>(), [9, 1]);
        assert_eq!(route.fallback[0].model.as_deref(), Some("tiny"));
        assert_eq!(file.releases["blue"].url, "http://blue:1/");
    }

    #[test]
    fn each_wrong_field_is_named() {
        let route = |text: &str| format!("[[routes]]\nmodel = \"a\"\n{text}");
        let blue = "targets = [{ release = \"blue\" }]\n";
        for (text, named) in [
            (String::new(), "routes: expected 1 to"),
            (route("targets = []"), "routes[0].targets: "),
            (route("targets = [{ release = \"blue\", weight = 0 }]"), "routes[0].targets: "),
            (
                route("targets = [{ release = \"red\" }]"),
                "routes[0].targets[0].release: expected one of blue, green",
            ),
            (route("targets = [{ release = \"blue\", model = \"A\" }]"), "routes[0].targets[0].model: "),
            (route("targets = [{ release = \"blue\", weight = 1001 }]"), "routes[0].targets[0].weight: "),
            (
                route(&format!("{blue}fallback = [{{ release = \"green\", weight = 1 }}]")),
                "routes[0].fallback[0].weight: ",
            ),
            (route(&format!("{blue}hedge_after = \"1s\"")), "routes[0].hedge_after: "),
            (route(&format!("{blue}hedge_after = \"soon\"")), "line "),
            (route(&format!("{blue}retries = 3")), "line "),
            (route(blue) + &route(blue), "routes[1].model: routes[0] is"),
            ("[[routes]]\nmodel = \"A b\"\n".to_owned() + blue, "routes[0].model: "),
            ("[releases.red]\nurl = \"red\"\n".to_owned(), "line "),
            (
                "[releases.red]\nurl = \"http://red:1\"\nconcurrency = { most = 0 }\n".to_owned()
                    + &route(blue),
                "releases.red.concurrency.most: expected 1 to",
            ),
            (
                "[releases.red]\nurl = \"http://red:1\"\nconcurrency = { most = 4, least = 5 }\n".to_owned()
                    + &route(blue),
                "releases.red.concurrency.least: expected 1 to 4, got 5",
            ),
            ("[releases.Red]\nurl = \"http://red:1\"\n".to_owned() + &route(blue), "releases.\"Red\": "),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.starts_with(&format!("--routes: {named}")), "{text}\n{error}");
        }
    }
}
