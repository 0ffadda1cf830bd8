//! What a key allows.

use std::collections::BTreeSet;

use fault::Violation;
use serde::Deserialize;

/// Words in one list.
const MOST_WORDS: usize = 64;
/// Characters of all of them as one line, which travels between services: what is longer could be given, and opened nothing.
const LONGEST_LINE: usize = 8 * 1024;

/// What a key allows beyond calling at all. An owned, small set of words: they travel between services as one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// Scopes, such as `shopping` or `admin`: what they open is said where it is guarded.
    pub scopes: BTreeSet<String>,
    /// The models that may be used, as names or beginnings with a `*`. `None`: all.
    pub models: Option<Vec<String>>,
    /// The tools that may be called, as names or beginnings with a `*`. `None`: all that are open to the scopes.
    pub tools: Option<Vec<String>>,
    /// The kinds of jobs that may be created. `None`: all.
    pub jobs: Option<Vec<String>>,
}

impl Grants {
    /// What is wrong with the words: each must be 1 to 64 ASCII letters, digits, `.`, `_`, `:`, `/` or `-`, a model's
    /// and a tool's may end with `*`, a list has at most 64 of them, and all lists together 8 KiB. Fields are named
    /// `models[2]`.
    pub fn violations(&self) -> Vec<Violation> {
        let scopes: Vec<_> = self.scopes.iter().cloned().collect();
        let lists = [
            ("scopes", &scopes, false),
            ("models", self.models.as_ref().unwrap_or(&Vec::new()), true),
            ("tools", self.tools.as_ref().unwrap_or(&Vec::new()), true),
            ("jobs", self.jobs.as_ref().unwrap_or(&Vec::new()), false),
        ]
        .map(|(field, words, patterns)| wrong_words(field, words, patterns));
        let mut wrong: Vec<_> = lists.into_iter().flatten().collect();
        if wrong.is_empty() {
            wrong.extend(self.too_long());
        }
        wrong
    }

    /// What is wrong with all words together, told of the list that has most of them.
    fn too_long(&self) -> Option<Violation> {
        let length = self.to_line().len();
        if length <= LONGEST_LINE {
            return None;
        }
        let scopes = ("scopes", self.scopes.iter().map(String::len).sum::<usize>());
        let lists = [("models", &self.models), ("tools", &self.tools), ("jobs", &self.jobs)]
            .map(|(field, words)| (field, words.iter().flatten().map(String::len).sum()));
        let (longest, _) = [scopes].into_iter().chain(lists).max_by_key(|(_, length)| *length)?;
        let said = format!("expected at most {LONGEST_LINE} characters in all lists together, got {length}");
        Some(Violation::new(longest, said))
    }

    /// Whether a model is on the list of models, or there is no such list.
    pub fn may_use(&self, model: &str) -> bool {
        is_listed(self.models.as_ref(), model)
    }

    /// Whether a tool is on the list of tools, or there is no such list. Who guards the tool may ask for more.
    pub fn may_call(&self, tool: &str) -> bool {
        is_listed(self.tools.as_ref(), tool)
    }

    /// Whether jobs of a kind may be created.
    pub fn may_create(&self, kind: &str) -> bool {
        self.jobs.as_ref().is_none_or(|kinds| kinds.iter().any(|known| known == kind))
    }

    /// As one line, such as `scopes=admin,shopping;models=qwen*;tools=s3_*;jobs=batch`.
    pub fn to_line(&self) -> String {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        let mut line = format!("scopes={}", scopes.join(","));
        for (name, words) in [("models", &self.models), ("tools", &self.tools), ("jobs", &self.jobs)] {
            if let Some(words) = words {
                line = format!("{line};{name}={}", words.join(","));
            }
        }
        line
    }

    /// Reads such a line. Whatever cannot be read grants nothing: unreadable lists are empty ones.
    pub fn from_line(line: &str) -> Self {
        let mut grants = Self::default();
        let mut is_read = true;
        for part in line.split(';') {
            match part.split_once('=') {
                Some(("scopes", words)) => grants.scopes = words_of(words).collect(),
                Some(("models", words)) => grants.models = Some(words_of(words).collect()),
                Some(("tools", words)) => grants.tools = Some(words_of(words).collect()),
                Some(("jobs", words)) => grants.jobs = Some(words_of(words).collect()),
                _ => is_read = false,
            }
        }
        if !is_read {
            (grants.models, grants.tools, grants.jobs) =
                (Some(Vec::new()), Some(Vec::new()), Some(Vec::new()));
        }
        grants
    }
}

/// Whether a name fits one of the patterns, or there are none to fit.
fn is_listed(patterns: Option<&Vec<String>>, name: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.iter().any(|pattern| fits(pattern, name)))
}

/// Whether a name is the pattern, or begins with what stands before its `*`.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}

fn wrong_words(field: &str, words: &[String], patterns: bool) -> Vec<Violation> {
    if words.len() > MOST_WORDS {
        let said = format!("expected at most {MOST_WORDS} words, got {}", words.len());
        return vec![Violation::new(field, said)];
    }
    let wrong = words.iter().enumerate().filter(|(_, word)| !is_word(word, patterns));
    let rule = "expected 1 to 64 letters, digits, `.`, `_`, `:`, `/` or `-`";
    let end = if patterns { ", and perhaps a `*` at the end" } else { "" };
    wrong
        .map(|(at, word)| Violation::new(format!("{field}[{at}]"), format!("{rule}{end}, got {word:?}")))
        .collect()
}

/// Whether this is a word, or where patterns are allowed, one of those. A star by itself is everything.
pub(crate) fn is_word(word: &str, patterns: bool) -> bool {
    let name = if patterns { word.strip_suffix('*').unwrap_or(word) } else { word };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    (patterns && word == "*") || ((1..=64).contains(&name.len()) && name.chars().all(allowed))
}

fn words_of(words: &str) -> impl Iterator<Item = String> + '_ {
    words.split(',').filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Grants;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_says_the_same() {
        let scopes = |list: &[&str]| words(list).into_iter().collect();
        let none = Some(Vec::new());
        let all = [
            Grants::default(),
            Grants { scopes: scopes(&["shopping", "admin"]), ..Grants::default() },
            Grants { models: none.clone(), tools: none.clone(), jobs: none, ..Grants::default() },
            Grants { jobs: Some(words(&["generate_text", "batch"])), ..Grants::default() },
            Grants {
                scopes: scopes(&["a:b"]),
                models: Some(words(&["qwen2.5*", "org/model"])),
                tools: Some(words(&["s3_*", "*", "athena_query"])),
                jobs: None,
            },
        ];
        for grants in all {
            assert_eq!(grants.violations(), []);
            assert_eq!(Grants::from_line(&grants.to_line()), grants);
        }
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        for line in ["", "nonsense", "scopes=a;more=b", "tools", "more=b;models=*;tools=*;jobs=batch"] {
            let grants = Grants::from_line(line);
            let may = [grants.may_use("m"), grants.may_call("s3_get"), grants.may_create("batch")];
            assert_eq!(may, [false; 3], "{line}");
        }
    }

    #[test]
    fn each_wrong_word_is_named() {
        for wrong in ["", "a b", "a,b", "a;b", "a=b", "é", &"x".repeat(65), "a*b", "**"] {
            let (list, none) = (Some(words(&["right", wrong])), Grants::default);
            for (field, grants) in [
                ("models[1]", Grants { models: list.clone(), ..none() }),
                ("tools[1]", Grants { tools: list.clone(), ..none() }),
                ("jobs[1]", Grants { jobs: list.clone(), ..none() }),
            ] {
                assert_eq!(grants.violations()[0].field, field, "{wrong:?}");
            }
        }
        for star in ["*", "a*"] {
            assert_eq!(
                Grants { scopes: words(&[star]).into_iter().collect(), ..Grants::default() }
                    .violations()
                    .len(),
                1
            );
            assert_eq!(Grants { jobs: Some(words(&[star])), ..Grants::default() }.violations().len(), 1);
        }
        let many = Grants { tools: Some(vec!["a".to_owned(); 65]), ..Grants::default() };
        assert!(many.violations()[0].description.contains("at most 64"));
    }

    #[test]
    fn all_words_together_are_no_more_than_travel_between_services() {
        let long = |letter: &str, count| {
            (0..count).map(|number| format!("{number:02}{}", letter.repeat(62))).collect()
        };
        let grants = |jobs| Grants {
            models: Some(long("m", 63)),
            tools: Some(vec!["*".to_owned()]),
            jobs: Some(long("j", jobs)),
            ..Grants::default()
        };
        let (most, more) = (grants(62), grants(63));
        assert!(most.to_line().len() <= 8192 && more.to_line().len() > 8192);
        assert_eq!(most.violations(), []);
        let wrong = more.violations();
        assert_eq!((wrong.len(), wrong[0].field.as_str()), (1, "jobs"));
        assert!(wrong[0].description.contains("at most 8192 characters"), "{wrong:?}");
    }

    #[test]
    fn a_list_is_all_that_may_be_done() {
        let all = Grants::default();
        assert!(all.may_use("qwen") && all.may_call("s3_get") && all.may_create("batch"));
        let some = Grants::from_line("scopes=;models=qwen*,small;tools=s3_*,shop_search;jobs=call_tool");
        assert!(some.may_use("qwen2.5") && some.may_use("small") && !some.may_use("smaller"));
        assert!(some.may_call("s3_get") && some.may_call("shop_search") && some.may_create("call_tool"));
        assert!(!some.may_call("shop_search_all") && !some.may_create("batch") && !some.may_create("call"));
    }
}
