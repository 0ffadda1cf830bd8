//! One version of everything: a crate's manifest inherits, and decides nothing alone.

use toml::{Table, Value};

use crate::{File, Finding, Repository};

const PACKAGE: [&str; 5] = ["edition", "license", "publish", "rust-version", "version"];

/// Every crate inherits its version, edition, licence, lints and the versions of its dependencies from the workspace.
pub fn manifests_inherit(repository: &Repository) -> Vec<Finding> {
    members(repository).flat_map(check).collect()
}

/// The manifests of the workspace's crates.
pub(super) fn members(repository: &Repository) -> impl Iterator<Item = &File> {
    repository.with_extension("toml").filter(|file| match file.path.split('/').collect::<Vec<_>>()[..] {
        [root, _, "Cargo.toml"] => matches!(root, "libs" | "services" | "tools"),
        _ => false,
    })
}

/// Each table of dependencies in a manifest, such as `dev-dependencies`, those of one platform included.
pub(super) fn dependency_tables(manifest: &Table) -> Vec<(&str, &Table)> {
    const KINDS: [&str; 3] = ["build-dependencies", "dependencies", "dev-dependencies"];
    let platforms = manifest.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let holders = [manifest].into_iter().chain(platforms);
    let tables = holders.flat_map(|holder| {
        KINDS.into_iter().filter_map(move |kind| Some((kind, holder.get(kind)?.as_table()?)))
    });
    tables.collect()
}

fn check(file: &File) -> Vec<Finding> {
    let finding = |message: String| Finding::new("manifests", &file.path, None, message);
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![finding(format!("cannot be parsed: {error}"))],
    };
    let package = manifest.get("package").and_then(Value::as_table);
    let alone = PACKAGE.into_iter().filter(|key| !inherits(package.and_then(|package| package.get(*key))));
    let mut findings: Vec<_> = alone.map(|key| finding(format!("write `{key}.workspace = true`"))).collect();
    if !inherits(manifest.get("lints")) {
        findings.push(finding("write `workspace = true` under `[lints]`".to_owned()));
    }
    for (kind, table) in dependency_tables(&manifest) {
        let alone = table.iter().filter(|(_, dependency)| !inherits(Some(dependency)));
        findings.extend(alone.map(|(name, _)| {
            finding(format!(
                "{name} in [{kind}] names its own version: put it in the workspace's Cargo.toml and write \
                 `{name} = {{ workspace = true }}`"
            ))
        }));
    }
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::manifests_inherit;
    use crate::Repository;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
        [lints]\nworkspace = true\n[dependencies]\nserde = { workspace = true, features = [\"rc\"] }\n";

    #[test]
    fn what_does_not_inherit_is_named() {
        assert_eq!(manifests_inherit(&Repository::of([("libs/a/Cargo.toml", GOOD)])), []);
        for (from, to, named) in [
            ("edition.workspace = true", "edition = \"2021\"", "edition"),
            ("[lints]\nworkspace = true", "", "[lints]"),
            ("{ workspace = true, features = [\"rc\"] }", "\"1\"", "serde"),
            ("[dependencies]", "[target.'cfg(unix)'.dev-dependencies]\nlibc = \"1\"\n[dependencies]", "libc"),
        ] {
            let changed = GOOD.replace(from, to);
            let findings = manifests_inherit(&Repository::of([("libs/a/Cargo.toml", &changed)]));
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert!(findings[0].message.contains(named), "{}", findings[0]);
        }
    }
}
