//! What an operator writes down.

use std::{collections::BTreeMap, time::Duration};

use arguments::{Flaw, field_name, from_toml, positive_duration};
use contract::model_id;
use http::Uri;
use serde::{Deserialize, Deserializer, de};

use super::{gate::GateSettings, pattern::Pattern};

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

    fn check(&self, place: &str) -> Result<(), Flaw> {
        let GateSettings { least, most, line, .. } = self.settings();
        let bound = |field: &str, number: usize, from: usize, to: usize| {
            if (from..=to).contains(&number) {
                return Ok(());
            }
            let said = format!("expected {from} to {to}, got {number}");
            Err(Flaw::new(format!("{place}.{field}"), said))
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
    /// Reads and checks it; an error names the field and its line.
    pub(super) fn from_toml(text: &str) -> Result<Self, Flaw> {
        let file: Self = from_toml(text)?;
        file.check().map_err(|flaw| flaw.found_in(text))?;
        Ok(file)
    }

    fn check(&self) -> Result<(), Flaw> {
        if self.releases.is_empty() || self.releases.len() > MOST {
            let said = format!("expected 1 to {MOST} releases, got {}", self.releases.len());
            return Err(Flaw::new("releases", said));
        }
        if self.routes.is_empty() || self.routes.len() > MOST {
            let said = format!("expected 1 to {MOST} routes, got {}", self.routes.len());
            return Err(Flaw::new("routes", said));
        }
        if let Some(wrong) = self.releases.keys().find(|name| !is_release(name)) {
            let said = "expected a name of 1 to 40 lower-case letters, digits or `-`";
            return Err(Flaw::new(format!("releases.{}", field_name(wrong)), said));
        }
        for (name, release) in &self.releases {
            let place = format!("releases.{name}.concurrency");
            release.concurrency.as_ref().map_or(Ok(()), |entry| entry.check(&place))?;
        }
        let mut seen = BTreeMap::new();
        for (index, route) in self.routes.iter().enumerate() {
            self.check_route(index, route)?;
            if let Some(before) = seen.insert(&route.model, index) {
                let said = format!("routes[{before}] is for the same model: keep one of them");
                return Err(Flaw::new(format!("routes[{index}].model"), said));
            }
        }
        Ok(())
    }

    fn check_route(&self, index: usize, route: &RouteEntry) -> Result<(), Flaw> {
        let place = |field: &str| format!("routes[{index}].{field}");
        Pattern::read(&route.model).map_err(|problem| Flaw::new(place("model"), problem))?;
        if !route.targets.iter().any(|target| target.weight() > 0) {
            return Err(Flaw::new(place("targets"), "expected at least one target with a weight above 0"));
        }
        for (at, target) in route.targets.iter().enumerate() {
            self.check_target(&place(&format!("targets[{at}]")), target)?;
        }
        for (at, target) in route.fallback.iter().enumerate() {
            let place = place(&format!("fallback[{at}]"));
            self.check_target(&place, target)?;
            if target.weight.is_some() {
                let said = "fallbacks are tried in their order, without weights: take it out";
                return Err(Flaw::new(format!("{place}.weight"), said));
            }
        }
        if route.hedge_after.is_some() && route.targets.len() + route.fallback.len() < 2 {
            let said = "expected a second target or a fallback for the second try: add one, or take this out";
            return Err(Flaw::new(place("hedge_after"), said));
        }
        Ok(())
    }

    fn check_target(&self, place: &str, target: &TargetEntry) -> Result<(), Flaw> {
        if !self.releases.contains_key(&target.release) {
            let known: Vec<_> = self.releases.keys().map(String::as_str).collect();
            let said = format!("expected one of {}, got {:?}", known.join(", "), target.release);
            return Err(Flaw::new(format!("{place}.release"), said));
        }
        if let Some(Err(_)) = target.model.as_deref().map(model_id) {
            let said =
                format!("expected a model's name, got {:?}", target.model.as_deref().unwrap_or_default());
            return Err(Flaw::new(format!("{place}.model"), said));
        }
        if target.weight() > HEAVIEST {
            let said = format!("expected 0 to {HEAVIEST}, got {}", target.weight());
            return Err(Flaw::new(format!("{place}.weight"), said));
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
        let release = |name: &str, more: &str| {
            format!("[releases.{name}]\nurl = \"http://red:1\"\n{more}\n{}", route(blue))
        };
        for (text, told) in [
            (String::new(), "routes: expected 1 to"),
            (route("targets = []"), "line 7: routes[0].targets: "),
            (route("targets = [{ release = \"blue\", weight = 0 }]"), "line 7: routes[0].targets: "),
            (
                route("targets = [{ release = \"red\" }]"),
                "line 7: routes[0].targets[0].release: expected one of blue, green",
            ),
            (
                route("targets = [{ release = \"blue\", model = \"A\" }]"),
                "line 7: routes[0].targets[0].model: ",
            ),
            (
                route("targets = [{ release = \"blue\", weight = 1001 }]"),
                "line 7: routes[0].targets[0].weight: expected 0 to 1000, got 1001",
            ),
            (
                route(&format!("{blue}fallback = [{{ release = \"green\", weight = 1 }}]")),
                "line 8: routes[0].fallback[0].weight: ",
            ),
            (route(&format!("{blue}hedge_after = \"1s\"")), "line 8: routes[0].hedge_after: "),
            (route(blue) + &route(blue), "line 9: routes[1].model: routes[0] is"),
            ("[[routes]]\nmodel = \"A b\"\n".to_owned() + blue, "line 6: routes[0].model: "),
            (
                release("red", "concurrency = { most = 0 }"),
                "line 7: releases.red.concurrency.most: expected 1 to",
            ),
            (
                release("red", "concurrency = { most = 4, least = 5 }"),
                "line 7: releases.red.concurrency.least: expected 1 to 4, got 5",
            ),
            (release("Red", ""), "line 5: releases.Red: expected a name"),
            (release("\"a b\"", ""), "line 5: releases.\"a b\": expected a name"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.starts_with(told), "{text}\n{error}");
        }
    }

    #[test]
    fn what_is_of_another_kind_is_told_by_its_field_too() {
        let blue = "[[routes]]\nmodel = \"a\"\ntargets = [{ release = \"blue\" }]\n";
        let number = "expected a whole number, 0 or more, found";
        let target = |more: &str| {
            format!(
                "[[routes]]\nmodel = \"a\"\ntargets = [{{ release = \"blue\" }}, {{ release = \"green\", {more} }}]\n"
            )
        };
        for (text, told) in [
            (target("weight = \"9\""), format!("line 7: routes[0].targets[1].weight: {number} a string")),
            (target("weight = -1"), format!("line 7: routes[0].targets[1].weight: {number} -1")),
            (
                target("model = 3"),
                "line 7: routes[0].targets[1].model: expected a string in quotes, found a whole number"
                    .to_owned(),
            ),
            (
                format!("{blue}hedge_after = \"5\"\n"),
                "line 8: routes[0].hedge_after: expected a length of time with its unit".to_owned(),
            ),
            (
                format!("{blue}retries = 3\n"),
                "line 8: routes[0].retries: unknown field, expected one of".to_owned(),
            ),
            (
                format!("[releases.red]\nurl = \"red\"\n{blue}"),
                "line 6: releases.red.url: expected http://HOST:PORT".to_owned(),
            ),
            (format!("[releases.red]\n{blue}"), "line 5: releases.red.url: is missing".to_owned()),
            (
                format!(
                    "[releases.red]\nurl = \"http://red:1\"\nconcurrency = {{ most = 1, delay = 3 }}\n{blue}"
                ),
                "line 7: releases.red.concurrency.delay: expected a string in quotes, found a whole number"
                    .to_owned(),
            ),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.starts_with(&told), "{text}\n{error}");
        }
    }
}
