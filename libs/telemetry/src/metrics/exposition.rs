//! The text that Prometheus scrapes.

use std::{collections::HashMap, fmt};

use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    registry::Registry,
};

/// The content type of [`exposition`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric of the registries as one `OpenMetrics` document.
///
/// Several services may run in one process, each with its own registry and its own labels, and measure the same
/// things. A document may name a metric only once, so families of one name are merged, in order of appearance.
pub fn exposition<'a>(registries: impl IntoIterator<Item = &'a Registry>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for registry in registries {
        encode_registry(&mut text, registry)?;
    }
    let mut merged = merge(&text);
    encode_eof(&mut merged)?;
    Ok(merged)
}

/// The description (`# HELP`, `# TYPE`, `# UNIT`) and the samples of one family.
#[derive(Default)]
struct Family<'a> {
    description: Vec<&'a str>,
    samples: Vec<&'a str>,
}

fn merge(text: &str) -> String {
    let mut families: Vec<Family<'_>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let (mut current, mut first) = (0, true);
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split(' ').next().unwrap_or_default();
            first = !known.contains_key(name);
            current = *known.entry(name).or_insert(families.len());
            if first {
                families.push(Family::default());
            }
        }
        let Some(family) = families.get_mut(current) else { continue };
        match line.starts_with("# ") {
            true if first => family.description.push(line),
            true => {}
            false => family.samples.push(line),
        }
    }
    let lines = families.iter().flat_map(|family| family.description.iter().chain(&family.samples));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use prometheus_client::{
        metrics::{counter::Counter, gauge::Gauge},
        registry::Registry,
    };

    use super::exposition;

    fn service(name: &'static str, calls: u64) -> Registry {
        let labels = [(Cow::Borrowed("service"), Cow::Borrowed(name))];
        let mut registry = Registry::with_labels(labels.into_iter());
        let counter = Counter::<u64>::default();
        counter.inc_by(calls);
        registry.register("calls", "Calls served", counter);
        registry
    }

    #[test]
    fn services_in_one_process_share_one_description_of_a_metric() {
        let (api, mut engine) = (service("api", 2), service("llm-inference", 3));
        engine.register("slots", "Slots in use", Gauge::<i64>::default());
        let expected = "# HELP calls Calls served.\n# TYPE calls counter\n\
                        calls_total{service=\"api\"} 2\ncalls_total{service=\"llm-inference\"} 3\n\
                        # HELP slots Slots in use.\n# TYPE slots gauge\nslots{service=\"llm-inference\"} 0\n# EOF\n";
        assert_eq!(exposition([&api, &engine]).unwrap(), expected);
    }
}
