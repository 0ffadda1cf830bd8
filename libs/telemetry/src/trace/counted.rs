//! How many spans were exported, and how many were not.

use std::time::Duration;

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Spans by what became of their export. Those that found no room before it are in neither count: the library keeps
/// theirs to itself, and logs it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpanCounts {
    exported: Counter,
    dropped: Counter,
}

impl SpanCounts {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ondol_spans_exported",
            "Spans that the collector has taken",
            self.exported.clone(),
        );
        let help = "Spans whose export failed; nobody tries again";
        registry.register("ondol_spans_dropped", help, self.dropped.clone());
    }
}

/// An exporter that counts.
#[derive(Debug)]
pub(super) struct Counted<E> {
    pub(super) exporter: E,
    pub(super) counts: SpanCounts,
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let exported = self.exporter.export(batch).await;
        let count = if exported.is_ok() { &self.counts.exported } else { &self.counts.dropped };
        count.inc_by(spans);
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::{
        error::{OTelSdkError, OTelSdkResult},
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };

    use super::{Counted, SpanCounts};

    /// A collector that is there, or is not.
    #[derive(Debug)]
    struct Collector {
        is_there: bool,
    }

    impl SpanExporter for Collector {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            if self.is_there { Ok(()) } else { Err(OTelSdkError::InternalFailure("away".to_owned())) }
        }
    }

    #[test]
    fn what_the_collector_takes_and_what_it_does_not_are_counted_apart() {
        for (is_there, expected) in [(true, (2, 0)), (false, (0, 2))] {
            let counts = SpanCounts::default();
            let exporter = Counted { exporter: Collector { is_there }, counts: counts.clone() };
            let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
            let tracer = provider.tracer("test");
            drop([tracer.start("one"), tracer.start("two")]);
            assert_eq!((counts.exported.get(), counts.dropped.get()), expected);
        }
    }
}
