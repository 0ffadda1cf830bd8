//! Room for spans that wait to be exported. The library's own processor has some too, but keeps to itself what found none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

use super::SpanCounts;

/// How many spans wait, those on their way included: shared by where they come in and where they go out.
#[derive(Clone, Debug)]
pub(super) struct Room {
    waiting: Arc<AtomicUsize>,
    most: usize,
    counts: SpanCounts,
}

impl Room {
    pub(super) fn new(most: usize, counts: SpanCounts) -> Self {
        Self { waiting: Arc::default(), most, counts }
    }

    /// The end that they come in by.
    pub(super) fn before<P>(&self, processor: P) -> Entrance<P> {
        Entrance { processor, room: self.clone() }
    }

    /// The end that they go out by.
    pub(super) fn behind<E>(&self, exporter: E) -> Exit<E> {
        Exit { exporter, room: self.clone() }
    }
}

/// Lets in what there is room for. Behind it must stand as much room, so that this count is the only one that matters.
#[derive(Debug)]
pub(super) struct Entrance<P> {
    processor: P,
    room: Room,
}

impl<P: SpanProcessor> SpanProcessor for Entrance<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.room.waiting.fetch_add(1, Ordering::Relaxed) < self.room.most {
            self.processor.on_end(span);
        } else {
            self.room.waiting.fetch_sub(1, Ordering::Relaxed);
            self.room.counts.full.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// Gives the room of what has gone back, and counts what became of it.
#[derive(Debug)]
pub(super) struct Exit<E> {
    exporter: E,
    room: Room,
}

impl<E: SpanExporter> SpanExporter for Exit<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.exporter.export(batch).await;
        self.room.waiting.fetch_sub(spans, Ordering::Relaxed);
        let Room { counts, .. } = &self.room;
        let count = if exported.is_ok() { &counts.exported } else { &counts.undelivered };
        count.inc_by(spans as u64);
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
        trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter},
    };

    use super::{Room, SpanCounts};

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
    fn every_span_is_counted_once_by_what_became_of_it() {
        for (is_there, expected) in [(true, (2, 1, 0)), (false, (0, 1, 2))] {
            let counts = SpanCounts::default();
            let room = Room::new(2, counts.clone());
            // Exports nothing before it is told to, or a batch is full.
            let processor = BatchSpanProcessor::builder(room.behind(Collector { is_there })).build();
            let provider = SdkTracerProvider::builder().with_span_processor(room.before(processor)).build();
            let tracer = provider.tracer("test");
            drop([tracer.start("one"), tracer.start("two"), tracer.start("three")]);
            assert_eq!(provider.force_flush().is_ok(), is_there);
            assert_eq!((counts.exported.get(), counts.full.get(), counts.undelivered.get()), expected);

            drop(tracer.start("four"));
            assert_eq!(counts.full.get(), 1, "those that went have given their room back");
        }
    }
}
