//! What a key shall allow, how much, and until when: the same flags wherever a key is made.

use accounts::Grants;
use anyhow::bail;
use clap::Args;
use fault::Violation;
use jiff::Timestamp;
use proto::admin::v1::ApiKeyLimits;

use super::{
    bounds::{Bound, bound, limits},
    expiry,
};
use crate::misuse::Misuse;

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
    /// The kinds of jobs it may create, of `generate_text`, `batch` and `call_tool`, with commas between; '' is none of them
    /// [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    jobs: Option<Vec<String>>,
    /// When it ends: in `90d`, `6mo`, `1y` or `30min` (`m` alone could be minutes or months, and is not taken), on a date (its
    /// beginning in UTC), or at a time such as `2027-06-30T12:00:00Z` [default: never]
    #[arg(long, value_name = "WHEN", value_parser = expiry::parse)]
    pub(super) expires: Option<Timestamp>,
    /// How much it may use, once for each bound: `requests_per_minute=60`, `tokens_per_day=100000`, `concurrency=4` and so on
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = bound)]
    limits: Vec<Bound>,
}

impl Allowed {
    /// How much, where that is bounded.
    pub(super) fn limits(&self) -> anyhow::Result<Option<ApiKeyLimits>> {
        limits(&self.limits).map_err(Misuse::of)
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
        refuse(&grants.violations())?;
        Ok(grants)
    }

    /// The same for a key file, where nobody else would find a kind that no job has: of a key that is created, the server
    /// knows which there are.
    pub(super) fn grants_of_file(&self) -> anyhow::Result<Grants> {
        let grants = self.grants()?;
        refuse(&jobview::unknown_kinds("jobs", grants.jobs.as_deref().unwrap_or_default()))?;
        Ok(grants)
    }
}

/// Names what is wrong by its flag.
fn refuse(wrong: &[Violation]) -> anyhow::Result<()> {
    let wrong: Vec<_> = wrong.iter().map(|wrong| format!("--{wrong}")).collect();
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n  ")) }
}

/// Without the nothing between two commas, and the nothing of a list that shall be empty.
fn given(words: &[String]) -> impl Iterator<Item = String> + '_ {
    words.iter().filter(|word| !word.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

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

    #[test]
    fn a_kind_that_no_job_has_is_refused_for_a_file_and_the_help_names_those_that_there_are() {
        let line = |jobs: &str| Line::try_parse_from(["key", "--jobs", jobs]).unwrap();
        let help = Line::command().render_long_help().to_string();
        for kind in jobview::KINDS {
            assert!(help.contains(kind), "{kind} is missing in {help}");
            line(kind).allowed.grants_of_file().unwrap();
        }
        let wrong = line("batch,generate").allowed.grants_of_file().unwrap_err().to_string();
        assert!(wrong.contains("--jobs[1]: ") && wrong.contains("generate_text"), "{wrong}");
        assert!(line("generate").allowed.grants().is_ok(), "the server may know it");
    }

    #[test]
    fn a_bound_is_given_once() {
        let twice =
            ["key", "--limit", "concurrency=1", "--limit", "tokens_per_day=3", "--limit", "concurrency=2"];
        let wrong = Line::try_parse_from(twice).unwrap().allowed.limits().unwrap_err().to_string();
        assert!(wrong.contains("--limit concurrency: "), "{wrong}");
        let once = Line::try_parse_from(&twice[..5]).unwrap().allowed.limits().unwrap().unwrap();
        assert_eq!((once.concurrency, once.tokens_per_day), (Some(1), Some(3)));
    }
}
