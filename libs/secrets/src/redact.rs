//! Takes secrets out of what strangers say.

mod spelling;

use std::fmt::Write;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

use self::spelling::Spelling;
use crate::Secret;

/// Shorter ones stand in too many words by chance.
const SHORTEST: usize = 6;
const INSTEAD: &str = "[secret]";

/// Some secrets, in the ways in which whoever was given them may repeat them: as they are, with any of their characters
/// written as URLs, JSON or HTML write them, and as a whole in base 64 or 16. A secret that was changed otherwise is not found.
#[derive(Default)]
pub struct Redactor {
    words: Vec<String>,
    spellings: Vec<Spelling>,
}

impl Redactor {
    /// These secrets. One of fewer than 6 bytes is not looked for: it would be found in words that have nothing to do with it.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let long = secrets.into_iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST);
        let mut redactor = Self::default();
        for secret in long {
            redactor.words.extend(ways(secret));
            redactor.spellings.push(Spelling::of(secret));
        }
        // The longest first, so that no part of one is left over.
        redactor.words.sort_unstable_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
        redactor.words.dedup();
        redactor
    }

    /// The text without them.
    pub fn text(&self, text: String) -> String {
        let text = self.words.iter().fold(text, |text, word| {
            if text.contains(word.as_str()) { text.replace(word.as_str(), INSTEAD) } else { text }
        });
        self.spellings.iter().fold(text, without)
    }

    /// The value without them, names of fields included. A number that holds one is text afterwards.
    pub fn value(&self, value: Value) -> Value {
        if self.words.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, field)| (self.text(name), self.value(field)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Value::Number(number) => {
                let text = number.to_string();
                if self.holds(text.as_bytes()) {
                    Value::String(self.text(text))
                } else {
                    Value::Number(number)
                }
            }
            plain => plain,
        }
    }

    /// Whether there is one among these bytes.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let has = |word: &String| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        self.words.iter().any(has) || self.spellings.iter().any(|spelling| spelling.find(bytes).is_some())
    }
}

fn without(text: String, spelling: &Spelling) -> String {
    let mut rest = text.as_bytes();
    let mut kept: Vec<u8> = Vec::new();
    while let Some(found) = spelling.find(rest) {
        kept.extend_from_slice(rest.get(..found.start).unwrap_or_default());
        kept.extend_from_slice(INSTEAD.as_bytes());
        rest = rest.get(found.end..).unwrap_or_default();
    }
    if kept.is_empty() && rest.len() == text.len() {
        return text;
    }
    kept.extend_from_slice(rest);
    // Spellings begin and end at whole characters, so this loses nothing.
    String::from_utf8_lossy(&kept).into_owned()
}

/// The secret, and what it is as a whole in other alphabets.
fn ways(secret: &str) -> [String; 5] {
    [
        secret.to_owned(),
        BASE64_STANDARD_NO_PAD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
        hex(secret, ""),
        hex(secret, "").to_uppercase(),
    ]
}

/// The bytes in base 16, with this before each.
fn hex(secret: &str, before: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{before}{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Redactor, hex};
    use crate::Secret;

    fn redactor(secret: &str) -> Redactor {
        Redactor::of([&Secret::new(secret)])
    }

    #[test]
    fn secrets_are_found_however_they_are_written() {
        let secret = redactor("pa ss/w\"rd+1&é");
        for said in [
            "pa ss/w\"rd+1&é",
            "pa%20ss%2Fw%22rd%2B1%26%C3%A9",
            "pa%20ss%2fw%22rd%2b1%26%c3%a9",
            "pa+ss%2Fw%22rd%2B1%26%C3%A9",
            "%70%61%20%73s/w%22rd+1&%c3%A9",
            "cGEgc3MvdyJyZCsxJsOp",
            r#"pa ss/w\"rd+1&é"#,
            r#"pa ss\/w\"rd+1\u0026\u00e9"#,
            r"pa\u0020ss\/w\u0022rd+1\u0026\u00E9",
            "pa ss/w&quot;rd+1&amp;é",
            "pa ss&#x2F;w&#34;rd&#43;1&#38;&#xE9;",
            "70612073732f772272642b3126c3a9",
        ] {
            assert_eq!(secret.text(format!("a {said} b")), "a [secret] b");
            assert!(secret.holds(said.as_bytes()), "{said}");
        }
        let value = json!({"k": ["x pa ss/w\"rd+1&é", 1], "pa ss/w\"rd+1&é": null});
        assert_eq!(secret.value(value), json!({"k": ["x [secret]", 1], "[secret]": null}));
        assert_eq!(secret.text("nothing".to_owned()), "nothing");
    }

    #[test]
    fn a_secret_of_digits_is_found_in_numbers() {
        let secret = redactor("123456789");
        assert_eq!(
            secret.value(json!([123_456_789, -1_234_567_890, 5])),
            json!(["[secret]", "-[secret]0", 5])
        );
    }

    #[test]
    fn short_secrets_would_be_found_everywhere() {
        assert_eq!(redactor("a").text("banana".to_owned()), "banana");
        assert!(!Redactor::default().holds(b"anything"));
    }

    #[test]
    fn what_looks_like_an_escape_in_the_secret_is_not_one() {
        for secret in ["50%25off", "a\\u0041b", "&amp;&lt;", "++++++", "%%%%%%"] {
            assert_eq!(redactor(secret).text(format!("<{secret}>")), "<[secret]>", "{secret}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_is_kept(secret in "\\PC{6,20}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
            let redactor = redactor(&secret);
            let cleaned = redactor.text(format!("{before}|{secret}|{after}"));
            prop_assert!(!cleaned.contains(&secret) || "|[secret]|".contains(&secret));
            prop_assert!(cleaned.starts_with(&before) || secret.chars().all(|c| c.is_ascii_lowercase() || c == ' '));
            let encoded = hex(&secret, "%");
            prop_assert_eq!(redactor.text(format!("={encoded};")), "=[secret];");
        }
    }
}
