//! What a key allows.

use std::collections::BTreeSet;

use crate::AccountsError;

/// What a key allows beyond calling at all. An owned, small set of words: they travel between services as one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Scopes, such as `shopping` or `admin`: what they open is said where it is guarded.
    pub scopes: BTreeSet<String>,
    /// The tools that may be called, as names or beginnings with a `*`. `None`: all that are open to the scopes.
    pub tools: Option<Vec<String>>,
    /// The kinds of jobs that may be created. `None`: all.
    pub jobs: Option<Vec<String>>,
}

impl Grants {
    /// Checks each word: 1 to 64 ASCII letters, digits, `.`, `_`, `:`, `/` or `-`; a tool's may end with `*`.
    pub(crate) fn new(
        scopes: &[String],
        tools: Option<&[String]>,
        jobs: Option<&[String]>,
    ) -> Result<Self, AccountsError> {
        for scope in scopes {
            check("scope", scope)?;
        }
        for tool in tools.unwrap_or_default() {
            // A star by itself is every tool.
            let name = tool.strip_suffix('*').unwrap_or(tool);
            if !(name.is_empty() && tool == "*") {
                check("tool", name)?;
            }
        }
        for kind in jobs.unwrap_or_default() {
            check("kind of job", kind)?;
        }
        let (tools, jobs) = (tools.map(<[String]>::to_vec), jobs.map(<[String]>::to_vec));
        Ok(Self { scopes: scopes.iter().cloned().collect(), tools, jobs })
    }

    /// Whether a tool is on the list of tools, or there is no such list. Who guards the tool may ask for more.
    pub fn may_call(&self, tool: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => tool.starts_with(beginning),
            None => pattern == tool,
        };
        self.tools.as_ref().is_none_or(|tools| tools.iter().any(fits))
    }

    /// Whether jobs of a kind may be created.
    pub fn may_create(&self, kind: &str) -> bool {
        self.jobs.as_ref().is_none_or(|kinds| kinds.iter().any(|known| known == kind))
    }

    /// As one line, such as `scopes=admin,shopping;tools=s3_*;jobs=batch`.
    pub fn to_line(&self) -> String {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        let mut line = format!("scopes={}", scopes.join(","));
        for (name, words) in [("tools", &self.tools), ("jobs", &self.jobs)] {
            if let Some(words) = words {
                line = format!("{line};{name}={}", words.join(","));
            }
        }
        line
    }

    /// Reads such a line. Whatever cannot be read grants nothing: unreadable lists of tools and of jobs are empty ones.
    pub fn from_line(line: &str) -> Self {
        let mut grants = Self::default();
        for part in line.split(';') {
            match part.split_once('=') {
                Some(("scopes", words)) => grants.scopes = words_of(words).collect(),
                Some(("tools", words)) => grants.tools = Some(words_of(words).collect()),
                Some(("jobs", words)) => grants.jobs = Some(words_of(words).collect()),
                _ => (grants.tools, grants.jobs) = (Some(Vec::new()), Some(Vec::new())),
            }
        }
        grants
    }
}

fn words_of(words: &str) -> impl Iterator<Item = String> + '_ {
    words.split(',').filter(|word| !word.is_empty()).map(str::to_owned)
}

fn check(what: &str, word: &str) -> Result<(), AccountsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    if (1..=64).contains(&word.len()) && word.chars().all(allowed) {
        return Ok(());
    }
    let rule = "must be 1 to 64 letters, digits, `.`, `_`, `:`, `/` or `-`";
    Err(AccountsError::Key(format!("a {what} of a key {rule}, but one is {word:?}")))
}

#[cfg(test)]
mod tests {
    use super::Grants;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_says_the_same() {
        let all = [
            Grants::default(),
            Grants::new(&words(&["shopping", "admin"]), None, None).unwrap(),
            Grants::new(&[], Some(&[]), Some(&[])).unwrap(),
            Grants::new(&[], None, Some(&words(&["generate_text", "batch"]))).unwrap(),
            Grants::new(&words(&["a:b"]), Some(&words(&["s3_*", "*", "athena_query"])), None).unwrap(),
        ];
        for grants in all {
            assert_eq!(Grants::from_line(&grants.to_line()), grants);
        }
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        for line in ["", "nonsense", "scopes=a;more=b", "tools"] {
            let grants = Grants::from_line(line);
            assert!(!grants.may_call("s3_get") && !grants.may_create("batch"), "{line}");
        }
    }

    #[test]
    fn words_are_words() {
        for wrong in ["", "a b", "a,b", "a;b", "a=b", "é", &"x".repeat(65), "*", "a*"] {
            assert!(Grants::new(&words(&[wrong]), None, None).is_err(), "{wrong:?}");
            assert!(Grants::new(&[], None, Some(&words(&[wrong]))).is_err(), "{wrong:?}");
        }
        for wrong in ["", "a*b", "**", "a,b"] {
            assert!(Grants::new(&[], Some(&words(&[wrong])), None).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_list_is_all_that_may_be_done() {
        let all = Grants::default();
        assert!(all.may_call("s3_get") && all.may_create("batch"));
        let some = Grants::from_line("scopes=;tools=s3_*,shop_search;jobs=call_tool");
        assert!(some.may_call("s3_get") && some.may_call("shop_search") && some.may_create("call_tool"));
        assert!(!some.may_call("shop_search_all") && !some.may_create("batch") && !some.may_create("call"));
    }
}
