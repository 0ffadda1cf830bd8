//! Who may know whom. A crate's manifest cannot name what it must not know.

use toml::{Table, Value};

use super::manifests::{dependency_tables, members};
use crate::{File, Finding, Repository};

/// Which of our own crates each of our crates may use. `tools/ondol` may use all of them.
const EDGES: [(&str, &[&str]); 32] = [
    ("libs/accounts", &["arguments", "fault"]),
    ("libs/amazon", &[]),
    ("libs/arguments", &[]),
    ("libs/artifacts", &["fault", "objects"]),
    ("libs/contract", &["fault", "proto"]),
    ("libs/egress", &["fault"]),
    ("libs/engine", &["arguments", "fault", "models"]),
    ("libs/fault", &[]),
    ("libs/federation", &["egress", "fault"]),
    ("libs/httpjson", &["fault", "transcoding"]),
    ("libs/identity", &["accounts", "arguments", "egress", "fault"]),
    ("libs/jobs", &["arguments", "fault"]),
    ("libs/jobview", &["artifacts", "fault", "jobs", "proto"]),
    ("libs/models", &["fault"]),
    ("libs/objects", &["amazon", "arguments", "fault"]),
    ("libs/openai", &["fault", "proto", "strictjson"]),
    ("libs/openapi", &["fault"]),
    ("libs/proto", &[]),
    ("libs/rpc", &["arguments", "fault", "httpjson", "telemetry", "transcoding"]),
    ("libs/runtime", &["arguments", "fault", "telemetry"]),
    ("libs/secrets", &["amazon", "fault"]),
    ("libs/service", &["fault", "rpc", "runtime"]),
    ("libs/sqlguard", &["fault"]),
    ("libs/strictjson", &["fault"]),
    ("libs/telemetry", &["fault"]),
    ("libs/testkit", &["fault", "proto", "rpc", "runtime", "telemetry"]),
    ("libs/tidy", &[]),
    ("libs/tools", &["fault", "objects"]),
    ("libs/transcoding", &["fault", "strictjson"]),
    ("libs/webhooks", &["fault"]),
    ("tools/shop", &[]),
    ("tools/ondol", &["api", "llm-inference", "mcp", "worker"]),
];

/// A service may use every library but these; and never another service.
const NOT_FOR_SERVICES: [&str; 2] = ["testkit", "tidy"];

/// Libraries that may be linked in one place only.
const HOMES: [(&str, &[&str]); 11] = [
    ("jsonwebtoken", &["libs/identity"]),
    ("ort", &["libs/engine"]),
    ("redis", &["libs/jobs", "libs/accounts"]),
    ("deadpool-redis", &["libs/jobs", "libs/accounts"]),
    ("aws-sdk-athena", &["services/mcp"]),
    ("aws-sdk-s3", &["libs/objects", "services/mcp"]),
    ("aws-sdk-secretsmanager", &["libs/secrets"]),
    ("sqlparser", &["libs/sqlguard"]),
    ("tracing-loki", &["libs/telemetry"]),
    ("opentelemetry-otlp", &["libs/telemetry"]),
    ("anyhow", &["services/", "tools/"]),
];

/// The core: what it must not know, so that a transport can be changed without it.
const CORE: [&str; 19] = [
    "libs/accounts",
    "libs/amazon",
    "libs/artifacts",
    "libs/egress",
    "libs/engine",
    "libs/fault",
    "libs/federation",
    "libs/httpjson",
    "libs/identity",
    "libs/jobs",
    "libs/models",
    "libs/objects",
    "libs/openapi",
    "libs/secrets",
    "libs/sqlguard",
    "libs/strictjson",
    "libs/tools",
    "libs/transcoding",
    "libs/webhooks",
];
const TRANSPORTS: [&str; 6] = ["axum", "hyper", "prost", "prost-types", "tonic", "tonic-types"];
/// ONNX's own file format is protobuf, and so is what JSON is made of messages for; neither is a transport.
const EXCUSED: [(&str, &str); 4] = [
    ("libs/httpjson", "prost"),
    ("libs/httpjson", "prost-types"),
    ("libs/models", "prost"),
    ("libs/transcoding", "prost"),
];

/// Every dependency of one of our crates on another is one that the table allows. Tests may use more.
pub fn edges_are_allowed(repository: &Repository) -> Vec<Finding> {
    let crates: Vec<_> = members(repository).map(|file| file.path.trim_end_matches("/Cargo.toml")).collect();
    let name = |folder: &str| folder.rsplit('/').next().unwrap_or_default().to_owned();
    let ours: Vec<_> = crates.iter().map(|folder| name(folder)).collect();
    let services: Vec<_> =
        crates.iter().filter(|folder| folder.starts_with("services/")).map(|f| name(f)).collect();
    let mut findings = Vec::new();
    for file in members(repository) {
        let folder = file.path.trim_end_matches("/Cargo.toml");
        let known = folder.starts_with("services/") || EDGES.iter().any(|(known, _)| *known == folder);
        if !known {
            let message = "a new crate: say in libs/tidy/src/rules/dependencies.rs which of ours it may use";
            findings.push(Finding::new("edges", &file.path, None, message.to_owned()));
        }
        let wrong = linked(file).into_iter().filter(|used| ours.contains(used));
        let wrong = wrong.filter(|used| known && !may_use(folder, used, &services));
        findings.extend(wrong.map(|used| {
            let message = if services.contains(&used) {
                format!("a service is reached through its generated client, never linked: take {used} out")
            } else {
                format!("{folder} must not know {used}: move what it needs, or change the table and say why")
            };
            Finding::new("edges", &file.path, None, message)
        }));
    }
    findings
}

fn may_use(folder: &str, used: &str, services: &[String]) -> bool {
    let is_service = services.iter().any(|service| service == used);
    if folder.starts_with("services/") {
        return !is_service && !NOT_FOR_SERVICES.contains(&used);
    }
    if folder == "tools/ondol" && !is_service {
        return !NOT_FOR_SERVICES.contains(&used);
    }
    EDGES.iter().any(|(known, allowed)| *known == folder && allowed.contains(&used))
}

/// A library that one place was chosen for is linked there only, and the core links no transport.
pub fn libraries_stay_home(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in members(repository) {
        let folder = file.path.trim_end_matches("/Cargo.toml");
        for used in linked(file) {
            let strayed = HOMES.iter().find(|(library, homes)| {
                *library == used
                    && !homes
                        .iter()
                        .any(|home| folder == *home || (home.ends_with('/') && folder.starts_with(home)))
            });
            if let Some((_, homes)) = strayed {
                let message =
                    format!("{used} is linked only in {}: ask there for what is needed", homes.join(" and "));
                findings.push(Finding::new("homes", &file.path, None, message));
            }
            let excused = EXCUSED.contains(&(folder, used.as_str()));
            if CORE.contains(&folder) && TRANSPORTS.contains(&used.as_str()) && !excused {
                let message = format!(
                    "{folder} knows no transport: keep {used} in `grpc` and `convert` modules outside"
                );
                findings.push(Finding::new("homes", &file.path, None, message));
            }
        }
    }
    findings
}

/// What a crate links apart from its tests.
fn linked(file: &File) -> Vec<String> {
    // A manifest that cannot be parsed is a finding of another rule.
    let manifest: Table = file.text.parse().unwrap_or_default();
    let tables = dependency_tables(&manifest).into_iter().filter(|(kind, _)| *kind == "dependencies");
    let names = tables.flat_map(|(_, table)| table.iter()).map(|(name, dependency)| {
        dependency.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::{edges_are_allowed, libraries_stay_home};
    use crate::Repository;

    fn manifest(dependencies: &[&str]) -> String {
        let lines: Vec<_> =
            dependencies.iter().map(|name| format!("{name} = {{ workspace = true }}\n")).collect();
        format!("[dependencies]\n{}", lines.concat())
    }

    #[test]
    fn a_service_never_links_a_service_and_a_library_only_what_its_row_says() {
        let repository = Repository::of([
            ("libs/fault/Cargo.toml", &manifest(&["thiserror"])),
            ("libs/models/Cargo.toml", &manifest(&["fault", "rpc"])),
            ("libs/novel/Cargo.toml", ""),
            ("libs/rpc/Cargo.toml", &manifest(&["fault"])),
            ("services/api/Cargo.toml", &manifest(&["rpc", "llm-inference"])),
            ("services/llm-inference/Cargo.toml", &manifest(&["models"])),
            ("tools/ondol/Cargo.toml", &manifest(&["api", "llm-inference", "models"])),
        ]);
        let found: Vec<_> = edges_are_allowed(&repository).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["libs/models/Cargo.toml", "libs/novel/Cargo.toml", "services/api/Cargo.toml"]);
    }

    #[test]
    fn homes_hold_and_the_core_knows_no_transport() {
        let repository = Repository::of([
            ("libs/engine/Cargo.toml", &manifest(&["ort", "tonic"])),
            ("libs/models/Cargo.toml", &manifest(&["prost", "prost-types"])),
            ("services/api/Cargo.toml", &manifest(&["anyhow", "ort", "tonic"])),
            ("libs/rpc/Cargo.toml", &format!("[dev-dependencies]\n{}", "anyhow = { workspace = true }")),
        ]);
        let found: Vec<_> = libraries_stay_home(&repository)
            .into_iter()
            .map(|f| (f.file, f.message.split(' ').next().unwrap_or_default().to_owned()))
            .collect();
        let expected = [
            ("libs/engine/Cargo.toml", "libs/engine"),
            ("libs/models/Cargo.toml", "libs/models"),
            ("services/api/Cargo.toml", "ort"),
        ];
        assert_eq!(found, expected.map(|(file, word)| (file.to_owned(), word.to_owned())));
    }
}
