//! What a key shall allow, how much, and until when: the same flags wherever a key is made.

use accounts::Grants;
use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use proto::admin::v1::ApiKeyLimits;

use super::{
    bounds::{Bound, bound, limits},
    expiry,
};

/// What a key shall allow, how much, and until when.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Allowed {
    /// Its scopes, with commas between, such as `admin`, which administers keys [default: none]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The models it may use, as names or beginnings with a `*`, with commas between; '' is none of them [default: all]
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Option<Vec<String>>,
    /// The tools it may call, likewise [default: all that its scopes open]
    #[arg(long, value_name = "TOOLS", value_delimiter = ',')]
    tools: Option<Vec<String>>,
    /// The kinds of jobs it may create, with commas between, such as `batch`; '' is none of them [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    jobs: Option<Vec<String>>,
    /// When it ends: `90d`, `1y`, a date (its beginning in UTC), or a time such as `2027-06-30T12:00:00Z` [default: never]
    #[arg(long, value_name = "WHEN", value_parser = expiry::parse)]
    pub(super) expires: Option<Timestamp>,
    /// How much it may use, repeatable: `requests_per_minute=60`, `tokens_per_day=100000`, `concurrency=4` and so on
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = bound)]
    limits: Vec<Bound>,
}

impl Allowed {
    /// How much, where that is bounded.
    pub(super) fn limits(&self) -> Option<ApiKeyLimits> {
        limits(&self.limits)
    }

    /// The grants; an error names each flag with a word that no list takes.
    pub(super) fn grants(&self) -> anyhow::Result<Grants> {
        let list = |words: &Option<Vec<String>>| words.as_deref().map(|words| given(words).collect());
        let grants = Grants {
            scopes: given(&self.scopes).collect(),
            models: list(&self.models),
            tools: list(&self.tools),
            jobs: list(&self.jobs),
        };
        let wrong: Vec<_> = grants.violations().iter().map(|wrong| format!("--{wrong}")).collect();
        if wrong.is_empty() { Ok(grants) } else { bail!("{}", wrong.join("\n  ")) }
    }
}

/// Without the nothing between two commas, and the nothing of a list that shall be empty.
fn given(words: &[String]) -> impl Iterator<Item = String> + '_ {
    words.iter().filter(|word| !word.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Allowed;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        allowed: Allowed,
    }

    fn grants(arguments: &[&str]) -> anyhow::Result<String> {
        let line = Line::try_parse_from([&["key"], arguments].concat())?;
        Ok(line.allowed.grants()?.to_line())
    }

    #[test]
    fn a_list_is_absent_empty_or_holds_words() {
        assert_eq!(grants(&[]).unwrap(), "scopes=");
        assert_eq!(grants(&["--models", "", "--jobs="]).unwrap(), "scopes=;models=;jobs=");
        let some =
            ["--scopes", "admin,shopping", "--models", "qwen*", "--models", "llama", "--tools", "s3_*,"];
        assert_eq!(grants(&some).unwrap(), "scopes=admin,shopping;models=qwen*,llama;tools=s3_*");
    }

    #[test]
    fn wrong_words_are_named_by_their_flag() {
        let wrong = grants(&["--models", "a,b c", "--jobs", "batch*"]).unwrap_err().to_string();
        assert!(wrong.contains("--models[1]: ") && wrong.contains("--jobs[0]: "), "{wrong}");
    }
}
