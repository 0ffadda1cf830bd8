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
}

impl Grants {
    /// Checks each word: 1 to 64 ASCII letters, digits, `.`, `_`, `:`, `/` or `-`; a tool's may end with `*`.
    pub(crate) fn new(scopes: &[String], tools: Option<&[String]>) -> Result<Self, AccountsError> {
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
        Ok(Self { scopes: scopes.iter().cloned().collect(), tools: tools.map(<[String]>::to_vec) })
    }

    /// As one line, such as `scopes=admin,shopping;tools=s3_*`.
    pub fn to_line(&self) -> String {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        let scopes = format!("scopes={}", scopes.join(","));
        match &self.tools {
            Some(tools) => format!("{scopes};tools={}", tools.join(",")),
            None => scopes,
        }
    }

    /// Reads such a line. Whatever cannot be read grants nothing: an unreadable list of tools is an empty one.
    pub fn from_line(line: &str) -> Self {
        let mut grants = Self { scopes: BTreeSet::new(), tools: None };
        for part in line.split(';') {
            match part.split_once('=') {
                Some(("scopes", words)) => grants.scopes = words_of(words).collect(),
                Some(("tools", words)) => grants.tools = Some(words_of(words).collect()),
                _ => grants.tools = Some(Vec::new()),
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
            Grants::new(&words(&["shopping", "admin"]), None).unwrap(),
            Grants::new(&[], Some(&[])).unwrap(),
            Grants::new(&words(&["a:b"]), Some(&words(&["s3_*", "*", "athena_query"]))).unwrap(),
        ];
        for grants in all {
            assert_eq!(Grants::from_line(&grants.to_line()), grants);
        }
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        for line in ["", "nonsense", "scopes=a;more=b", "tools"] {
            assert_eq!(Grants::from_line(line).tools, Some(Vec::new()), "{line}");
        }
    }

    #[test]
    fn words_are_words() {
        for wrong in ["", "a b", "a,b", "a;b", "a=b", "é", &"x".repeat(65), "*", "a*"] {
            assert!(Grants::new(&words(&[wrong]), None).is_err(), "{wrong:?}");
        }
        for wrong in ["", "a*b", "**", "a,b"] {
            assert!(Grants::new(&[], Some(&words(&[wrong]))).is_err(), "{wrong:?}");
        }
    }
}
