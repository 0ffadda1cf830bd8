//! Which build is running: `ondol_build_info`.

use prometheus_client::{metrics::info::Info, registry::Registry};

use crate::Identity;

/// Registers a constant that names the service, its version and the commit it was built from, else `unknown`.
pub fn register_build(registry: &mut Registry, identity: Identity) {
    let labels = vec![
        ("service", identity.service),
        ("version", identity.version),
        ("commit", identity.commit.unwrap_or("unknown")),
    ];
    registry.register("ondol_build", "Which build is running", Info::new(labels));
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::register_build;
    use crate::{Identity, metrics::exposition};

    #[test]
    fn a_build_names_its_commit_or_says_that_it_does_not_know() {
        for (commit, expected) in [(Some("f0b4dd2637ea"), "f0b4dd2637ea"), (None, "unknown")] {
            let mut registry = Registry::default();
            register_build(&mut registry, Identity { service: "api", version: "1.2.3", commit });
            let text = exposition([&registry]).unwrap();
            assert!(
                text.contains("ondol_build_info{") && text.contains(&format!("commit=\"{expected}\"")),
                "{text}"
            );
        }
    }
}
