//! The limits that an operator writes down.

use std::collections::BTreeMap;

use arguments::{Flaw, field_name, from_toml};
use serde::Deserialize;

use super::Limits;
use crate::grants;

/// Entries at most: they are looked through for each request.
const MOST_MODELS: usize = 1_000;

/// Limits of all callers together, of models, and of each key that has none of its own. In TOML:
///
/// ```toml
/// [global]                       # everything that goes through all replicas together
/// requests_per_minute = 60000
///
/// [keys]                         # each key, where its own record says nothing else
/// requests_per_minute = 600
/// tokens_per_day = 2000000
/// concurrency = 20
///
/// [models."qwen2.5-*"]           # each model with such a name, all callers together
/// tokens_per_minute = 300000
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitTable {
    /// Of everything together.
    pub global: Limits,
    /// Of each key, where its own record does not say otherwise.
    pub keys: Limits,
    /// Of each model whose name is the key of the table, or begins with it where it ends with a `*`. The longest that fits
    /// counts, and each model is counted by itself.
    pub models: BTreeMap<String, Limits>,
}

impl LimitTable {
    /// Reads the table from TOML and checks it; the error names the field and its line.
    pub fn from_toml(text: &str) -> Result<Self, Flaw> {
        let table: Self = from_toml(text)?;
        if table == Self::default() {
            // A file that was cut off must not lift every limit.
            return Err(Flaw::new("", "nothing is limited: name a limit, or do without the file"));
        }
        table.check().map_err(|flaw| flaw.found_in(text))?;
        Ok(table)
    }

    /// Checks every name and number.
    pub(crate) fn check(&self) -> Result<(), Flaw> {
        if self.models.len() > MOST_MODELS {
            let said = format!("expected at most {MOST_MODELS} models, got {}", self.models.len());
            return Err(Flaw::new("models", said));
        }
        if let Some(wrong) = self.models.keys().find(|name| !grants::is_word(name, true)) {
            let rule = "expected a model's name in 1 to 64 letters, digits, `.`, `_`, `:`, `/` or `-`, and perhaps a `*`";
            return Err(Flaw::new(format!("models.{}", field_name(wrong)), rule));
        }
        let models =
            self.models.iter().map(|(name, limits)| (format!("models.{}", field_name(name)), limits));
        let all = [("global".to_owned(), &self.global), ("keys".to_owned(), &self.keys)];
        for (place, limits) in all.into_iter().chain(models) {
            if let Some(wrong) = limits.violations().into_iter().next() {
                return Err(Flaw::new(format!("{place}.{}", wrong.field), wrong.description));
            }
        }
        Ok(())
    }

    /// The limits of one model; none at all where no entry fits.
    pub fn of_model(&self, model: &str) -> Limits {
        if let Some(exact) = self.models.get(model) {
            return *exact;
        }
        let fitting = self.models.iter().filter(|(pattern, _)| grants::fits(pattern, model));
        fitting.max_by_key(|(pattern, _)| pattern.len()).map(|(_, limits)| *limits).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::LimitTable;

    #[test]
    fn the_longest_name_that_fits_counts() {
        let text = "[models.\"*\"]\nconcurrency = 1\n[models.\"qwen*\"]\nconcurrency = 2\n[models.qwen-small]\nconcurrency = 3\n\
                    [global]\nconcurrency = 9\n";
        let table = LimitTable::from_toml(text).unwrap();
        let of = |model| table.of_model(model).concurrency;
        assert_eq!([of("llama"), of("qwen"), of("qwen-small")], [Some(1), Some(2), Some(3)]);
        assert_eq!(LimitTable::default().of_model("any").concurrency, None);
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (text, told) in [
            ("[global]\nconcurrency = 0", "line 2: global.concurrency: expected 1 to "),
            ("[keys]\ntokens_per_day = 0", "line 2: keys.tokens_per_day: expected 1 to "),
            ("[models.m]\nrequests_per_day = 0", "line 2: models.m.requests_per_day: expected 1 to "),
            ("[models.\"a b\"]\nrequests_per_day = 1", "line 1: models.\"a b\": expected a model's name"),
            ("[everybody]\n", "line 1: everybody: unknown field"),
            (
                "[keys]\nrequests_per_minute = \"5\"",
                "line 2: keys.requests_per_minute: expected a whole number, 0 or more, found a string",
            ),
            ("[global]\nconcurrency = -1", "line 2: global.concurrency: expected a whole number, 0 or more"),
            ("", "nothing is limited"),
            ("[global]\n", "nothing is limited"),
        ] {
            let error = LimitTable::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let many = (0..1_001).map(|n| format!("[models.m{n}]\n")).collect::<Vec<_>>().concat();
        assert!(LimitTable::from_toml(&many).unwrap_err().to_string().contains("at most 1000"));
    }
}
