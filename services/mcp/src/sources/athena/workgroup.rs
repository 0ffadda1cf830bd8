//! The workgroup in which queries run, and whether they may.

use std::time::Duration;

use aws_sdk_athena::{
    Client,
    types::{ManagedQueryResultsConfiguration, WorkGroup, WorkGroupConfiguration, WorkGroupState},
};
use tokio::{sync::Mutex, time::Instant};

use super::trouble::{Trouble, explain, forbidden};
use crate::config::AthenaConfig;

/// How long a workgroup that was found in order is taken to be so.
const BELIEVED_FOR: Duration = Duration::from_mins(5);
const ENGINE: &str = "Athena engine version ";
/// The first engine whose language the guard reads.
const FIRST_ENGINE: u32 = 3;

/// A workgroup that is looked at before the first query, and again from time to time.
pub(super) struct Workgroup {
    name: String,
    allow_unlimited: bool,
    has_output: bool,
    in_order_since: Mutex<Option<Instant>>,
}

impl Workgroup {
    pub(super) fn new(config: &AthenaConfig) -> Self {
        Self {
            name: config.workgroup.clone(),
            allow_unlimited: config.allow_unlimited,
            has_output: config.output.is_some(),
            in_order_since: Mutex::new(None),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes sure that queries may run in it. Of many who ask at once, one asks Athena.
    pub(super) async fn check(&self, client: &Client) -> Result<(), Trouble> {
        let mut since = self.in_order_since.lock().await;
        if since.is_some_and(|since| since.elapsed() < BELIEVED_FOR) {
            return Ok(());
        }
        *since = None;
        let answer = client.get_work_group().work_group(&self.name).send().await;
        let answer = answer.map_err(|error| match explain("look at its workgroup", error) {
            // It is not the caller who has named the workgroup.
            Trouble::Told(problem) => forbidden("use the workgroup", &problem, None),
            failed @ Trouble::Failed(_) => failed,
        })?;
        if let Some(problem) = self.problem(answer.work_group()) {
            return Err(forbidden(&format!("run queries in the workgroup {:?}", self.name), &problem, None));
        }
        *since = Some(Instant::now());
        Ok(())
    }

    /// Why no query may run in it, if there is a reason.
    fn problem(&self, workgroup: Option<&WorkGroup>) -> Option<String> {
        let Some(workgroup) = workgroup else { return Some("there is none of this name".to_owned()) };
        if workgroup.state() == Some(&WorkGroupState::Disabled) {
            return Some("it is disabled".to_owned());
        }
        let Some(configuration) = workgroup.configuration() else {
            return Some("it has no configuration".to_owned());
        };
        if configuration.bytes_scanned_cutoff_per_query().is_none() && !self.allow_unlimited {
            let advice = "set its bytes_scanned_cutoff_per_query, or `allow_unlimited = true` in [athena]";
            return Some(format!(
                "it ends no query for what it scans, and callers could scan everything: {advice}"
            ));
        }
        if !self.has_output && !keeps_results(configuration) {
            return Some("it has no place for results: give it one, or set `output` in [athena]".to_owned());
        }
        let engine = configuration.engine_version().and_then(|engine| engine.effective_engine_version());
        engine_problem(engine.unwrap_or_default())
    }
}

fn keeps_results(configuration: &WorkGroupConfiguration) -> bool {
    let place = configuration.result_configuration().and_then(|results| results.output_location());
    let is_managed = configuration
        .managed_query_results_configuration()
        .is_some_and(ManagedQueryResultsConfiguration::enabled);
    place.is_some() || is_managed
}

fn engine_problem(engine: &str) -> Option<String> {
    let version = engine.strip_prefix(ENGINE).and_then(|version| version.parse::<u32>().ok());
    let is_known = version.is_some_and(|version| version >= FIRST_ENGINE);
    (!is_known).then(|| {
        format!(
            "its engine is {engine:?}, but statements are checked in the language of {ENGINE}{FIRST_ENGINE}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::engine_problem;

    #[test]
    fn only_engines_of_this_language_are_taken() {
        for good in ["Athena engine version 3", "Athena engine version 4"] {
            assert_eq!(engine_problem(good), None);
        }
        for wrong in ["Athena engine version 2", "PySpark engine version 3", "AUTO", ""] {
            assert!(engine_problem(wrong).is_some(), "{wrong}");
        }
    }
}
