//! Names of arguments, made of the names of parameters.

use std::collections::BTreeSet;

/// The longest name of an argument.
const LONGEST: usize = 60;

/// The names that an operation has taken so far.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// A name that is not taken: the parameter's own, with `_` for what cannot be in one, and a number behind it where another
    /// parameter has the same.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let plain = plain.trim_matches('_');
        let plain = if plain.is_empty() { "argument" } else { plain.get(..LONGEST).unwrap_or(plain) };
        let mut free = plain.to_owned();
        let mut number = 2;
        while !self.0.insert(free.clone()) {
            free = format!("{plain}_{number}");
            number += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_plain_and_unlike_each_other() {
        let mut names = Names::default();
        for (name, argument) in [
            ("id", "id"),
            ("id", "id_2"),
            ("filter[name]", "filter_name"),
            ("filter.name", "filter_name_2"),
            ("", "argument"),
            ("é", "argument_2"),
            ("X-Trace", "X-Trace"),
        ] {
            assert_eq!(names.take(name), argument);
        }
        assert_eq!(names.take(&"x".repeat(500)).len(), 60);
    }
}
