//! The process's own appetite, under the names every Prometheus dashboard knows.

mod proc;

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use proc::Usage;

/// Registers CPU time, memory, threads, open files and start time, read from the kernel at each scrape.
///
/// Where there is no `/proc` (outside Linux) a scrape reports none of them.
pub fn register_process(registry: &mut Registry) {
    registry.register_collector(Box::new(Process));
}

#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(usage) = Usage::read() else { return Ok(()) };
        let mut put = |name, help, unit: Option<&Unit>, value: &dyn EncodeMetric| {
            value.encode(encoder.encode_descriptor(name, help, unit, value.metric_type())?)
        };
        let (seconds, bytes) = (Some(&Unit::Seconds), Some(&Unit::Bytes));
        put("process_cpu", "User and system CPU time.", seconds, &ConstCounter::new(usage.cpu_seconds))?;
        put(
            "process_start_time",
            "When the process started, since 1970.",
            seconds,
            &gauge(usage.start_seconds),
        )?;
        put("process_resident_memory", "Memory in RAM.", bytes, &gauge(usage.resident_bytes))?;
        put("process_resident_memory_peak", "The most memory ever in RAM.", bytes, &gauge(usage.peak_bytes))?;
        put("process_virtual_memory", "Address space in use.", bytes, &gauge(usage.virtual_bytes))?;
        put("process_threads", "Threads alive.", None, &gauge(usage.threads))?;
        put("process_open_fds", "File descriptors open.", None, &gauge(usage.open_files))?;
        put("process_max_fds", "File descriptors allowed.", None, &gauge(usage.max_files))
    }
}

fn gauge(value: f64) -> ConstGauge<f64> {
    ConstGauge::new(value)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use prometheus_client::registry::Registry;

    use super::register_process;
    use crate::metrics::exposition;

    #[test]
    fn a_scrape_shows_this_process() {
        let mut registry = Registry::default();
        register_process(&mut registry);
        let text = exposition([&registry]).unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.split(' ').next() == Some(name));
            line.unwrap_or_else(|| panic!("{name} in\n{text}")).split(' ').nth(1).unwrap().parse().unwrap()
        };
        assert!(value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_start_time_seconds") > 1.7e9);
        assert!(value("process_resident_memory_peak_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
    }
}
