//! The repository under its own rules. Every failure names the file, the line and what to do.

use tidy::{Repository, Severity, rules};

/// As test code, which may print and panic.
#[cfg(test)]
fn hold(rule: rules::Rule) {
    let repository = Repository::open().unwrap_or_else(|error| panic!("{error}"));
    assert!(repository.contains("Cargo.toml"), "this is not the root of the repository");
    let (failures, warnings): (Vec<_>, Vec<_>) =
        rule(&repository).into_iter().partition(|finding| finding.severity == Severity::Failure);
    for warning in warnings {
        println!("warning: {warning}");
    }
    let list: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n\n  {}\n", list.join("\n  "));
}

#[test]
fn files_are_short() {
    hold(rules::files_are_short);
}

#[test]
fn mains_only_compose() {
    hold(rules::mains_only_compose);
}

#[test]
fn libraries_are_small() {
    hold(rules::libraries_are_small);
}

#[test]
fn names_say_something() {
    hold(rules::names_say_something);
}

#[test]
fn edges_are_allowed() {
    hold(rules::edges_are_allowed);
}

#[test]
fn libraries_stay_home() {
    hold(rules::libraries_stay_home);
}

#[test]
fn manifests_inherit() {
    hold(rules::manifests_inherit);
}

#[test]
fn flags_have_variables() {
    hold(rules::flags_have_variables);
}

#[test]
fn unsafe_has_one_home() {
    hold(rules::unsafe_has_one_home);
}

#[test]
fn no_allow() {
    hold(rules::no_allow);
}

#[test]
fn tests_do_not_sleep() {
    hold(rules::tests_do_not_sleep);
}

#[test]
fn seeds_are_tested() {
    hold(rules::seeds_are_tested);
}

#[test]
fn metrics_are_documented() {
    hold(rules::metrics_are_documented);
}

#[test]
fn links_lead_somewhere() {
    hold(rules::links_lead_somewhere);
}

#[test]
fn readmes_agree() {
    hold(rules::readmes_agree);
}

#[test]
fn nothing_private() {
    hold(rules::nothing_private);
}

#[test]
fn nothing_is_left_for_later() {
    hold(rules::nothing_is_left_for_later);
}
