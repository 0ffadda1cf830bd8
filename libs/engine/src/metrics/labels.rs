//! The labels of the engine's metrics, and how one figure gets several names.

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric},
    metrics::{TypedMetric, family::Family},
    registry::Registry,
};

/// The labels of Ondol's own names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Model {
    pub(super) model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Finished {
    pub(super) model: String,
    pub(super) reason: &'static str,
}

/// Those of OpenTelemetry's names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the fields' names are the labels' names")]
pub(super) struct GenAi {
    pub(super) gen_ai_operation_name: &'static str,
    pub(super) gen_ai_provider_name: &'static str,
    pub(super) gen_ai_request_model: String,
}

/// Those of vLLM's names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Vllm {
    pub(super) model_name: String,
}

/// The label of an exemplar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TraceLabel {
    trace_id: String,
}

impl TraceLabel {
    pub(super) fn of(trace: Option<&str>) -> Option<Self> {
        trace.map(|trace| Self { trace_id: trace.to_owned() })
    }
}

/// Registers figures under the same labels.
pub(super) struct Scope<'a, L> {
    pub(super) registry: &'a mut Registry,
    pub(super) labels: L,
}

impl<L> Scope<'_, L>
where
    L: EncodeLabelSet + Clone + std::hash::Hash + Eq + std::fmt::Debug + Send + Sync + 'static,
{
    /// Shows a figure under this name, whatever other names it has.
    pub(super) fn add<M>(&mut self, name: &'static str, help: &'static str, figure: &M)
    where
        M: EncodeMetric + TypedMetric + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        let figure = figure.clone();
        let family = Family::<L, M, _>::new_with_constructor(move || figure.clone());
        drop(family.get_or_create(&self.labels));
        self.registry.register(name, help, family);
    }
}
