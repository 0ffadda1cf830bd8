//! What Prometheus sees of identities: never who calls.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fetch {
    issuer: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Issuer {
    issuer: String,
}

/// How tokens and certificates fare, and how old issuers' keys are. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    credentials: Family<Outcome, Counter>,
    fetches: Family<Fetch, Counter>,
    fetched: Family<Issuer, Gauge>,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Tokens and certificates that callers came with: accepted, away (its issuer's keys cannot be had), or why not";
        registry.register("ondol_identities", help, metrics.credentials.clone());
        let help =
            "Attempts to fetch the keys of an issuer, by its name in the file of identities: ok or failed";
        registry.register("ondol_issuer_fetches", help, metrics.fetches.clone());
        let help = "When the keys of an issuer were fetched last, in seconds since 1970";
        registry.register("ondol_issuer_keys_fetched_timestamp_seconds", help, metrics.fetched.clone());
        metrics
    }

    pub(crate) fn came(&self, outcome: &'static str) {
        self.credentials.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn fetched(&self, issuer: &str, at: i64) {
        self.fetches.get_or_create(&Fetch { issuer: issuer.to_owned(), outcome: "ok" }).inc();
        self.fetched.get_or_create(&Issuer { issuer: issuer.to_owned() }).set(at);
    }

    pub(crate) fn failed(&self, issuer: &str) {
        self.fetches.get_or_create(&Fetch { issuer: issuer.to_owned(), outcome: "failed" }).inc();
    }
}
