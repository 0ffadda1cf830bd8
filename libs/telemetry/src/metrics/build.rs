//! Which build is running: `ondol_build_info`.

use prometheus_client::{metrics::info::Info, registry::Registry};

use crate::Identity;

/// Registers a constant that names the service, its version and the commit it was built from (`ONDOL_COMMIT` at
/// build time, else `unknown`).
pub fn register_build(registry: &mut Registry, identity: Identity) {
    let labels = vec![
        ("service", identity.service),
        ("version", identity.version),
        ("commit", option_env!("ONDOL_COMMIT").unwrap_or("unknown")),
    ];
    registry.register("ondol_build", "Which build is running", Info::new(labels));
}
