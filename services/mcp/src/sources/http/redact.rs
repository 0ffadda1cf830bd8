//! Takes our secrets out of what an upstream says.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Shorter ones stand in too many words by chance.
const SHORTEST: usize = 6;
const INSTEAD: &str = "[secret]";

/// The secrets of one request, in all the ways in which an upstream may repeat them.
#[derive(Default)]
pub(in crate::sources) struct Redactor(Vec<String>);

impl Redactor {
    /// These secrets.
    pub(in crate::sources) fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<String> =
            secrets.into_iter().filter(|secret| secret.len() >= SHORTEST).flat_map(ways).collect();
        // The longest first, so that no part of one is left over.
        words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self(words)
    }

    /// The text without them.
    pub(in crate::sources) fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, word| {
            if text.contains(word.as_str()) { text.replace(word.as_str(), INSTEAD) } else { text }
        })
    }

    /// The value without them, names of fields included.
    pub(in crate::sources) fn value(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, field)| (self.text(name), self.value(field)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            plain => plain,
        }
    }

    /// Bytes that hold none of them; others are not handed on.
    pub(in crate::sources) fn holds(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|word| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    }
}

fn ways(secret: &str) -> [String; 6] {
    let json = Value::String(secret.to_owned()).to_string();
    [
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        BASE64_STANDARD_NO_PAD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
        json.trim_matches('"').to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Redactor;

    #[test]
    fn secrets_are_found_however_they_are_written() {
        let redactor = Redactor::of(["pa ss/w\"rd+1"]);
        for said in [
            "pa ss/w\"rd+1",
            "pa%20ss%2Fw%22rd%2B1",
            "pa+ss%2Fw%22rd%2B1",
            "cGEgc3MvdyJyZCsx",
            r#"pa ss/w\"rd+1"#,
        ] {
            assert_eq!(redactor.text(format!("a {said} b")), "a [secret] b");
            assert!(redactor.holds(said.as_bytes()));
        }
        let value = json!({"k": ["x pa ss/w\"rd+1", 1], "pa ss/w\"rd+1": null});
        assert_eq!(redactor.value(value), json!({"k": ["x [secret]", 1], "[secret]": null}));
        assert_eq!(redactor.text("nothing".to_owned()), "nothing");
    }

    #[test]
    fn short_secrets_would_be_found_everywhere() {
        assert_eq!(Redactor::of(["a"]).text("banana".to_owned()), "banana");
    }
}
