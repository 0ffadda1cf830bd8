//! The rules, each a function from a [`Repository`] to what is wrong with it.

mod attributes;
mod dependencies;
mod documents;
mod fuzzing;
mod manifests;
mod names;
mod privacy;
mod settings;
mod size;
mod sleeping;
mod telemetry;
mod unfinished;
mod unsafety;

use crate::{Finding, Repository};

pub use attributes::no_allow;
pub use dependencies::{edges_are_allowed, libraries_stay_home};
pub use documents::{links_lead_somewhere, readmes_agree};
pub use fuzzing::seeds_are_tested;
pub use manifests::manifests_inherit;
pub use names::names_say_something;
pub use privacy::nothing_private;
pub use settings::flags_have_variables;
pub use size::{files_are_short, libraries_are_small, mains_only_compose};
pub use sleeping::tests_do_not_sleep;
pub use telemetry::metrics_are_documented;
pub use unfinished::nothing_is_left_for_later;
pub use unsafety::unsafe_has_one_home;

/// A rule.
pub type Rule = fn(&Repository) -> Vec<Finding>;
