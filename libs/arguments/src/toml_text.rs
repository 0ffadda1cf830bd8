//! A text in TOML, and what its parser says, in words for people.

use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::{
    Flaw,
    flaw::join,
    places::{Place, Places, field_name, line_at},
};

/// A name that is told is not longer.
const SHOWN: usize = 64;
const WHOLE_NUMBER: &str = "a whole number, 0 or more";

/// Reads a text in TOML. The error says where it is wrong and what was expected there. Nothing but names, and numbers that
/// are out of range, is repeated of the text: what stands in such files may be a secret.
pub fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Flaw> {
    toml::from_str(text).map_err(|error| flaw(text, error.span().as_ref(), error.message()))
}

/// What the parser found wrong. `span` and `message` are its own.
fn flaw(text: &str, span: Option<&Range<usize>>, message: &str) -> Flaw {
    let places = Places::of(text);
    let is_list = message.starts_with("invalid type: sequence");
    let place = span.and_then(|span| places.at(span, is_list));
    let field = place.map_or("", |place| place.field.as_str());
    let line = span.and_then(|span| line_at(text, span.start));
    if let Some(missing) = message.strip_prefix("missing field ") {
        // What the whole text lacks stands in no line of it.
        let line = line.filter(|_| place.is_some());
        return Flaw::new(join(field, missing.trim_matches('`')), "is missing").at_line(line);
    }
    let problem = match message {
        "duplicate key" => twice(span.and_then(|span| text.get(span.clone()))),
        _ => unknown(message, field).unwrap_or_else(|| in_words(message, place)),
    };
    Flaw::new(field, problem).at_line(line)
}

fn twice(found: Option<&str>) -> String {
    let name = found.filter(|found| is_name(found));
    name.map_or_else(|| "a name is given twice".to_owned(), |name| format!("`{name}` is given twice"))
}

/// A field that nobody knows. Its name is told once: where the path ends with it, it need not be repeated.
fn unknown(message: &str, field: &str) -> Option<String> {
    let (name, expected) = message.strip_prefix("unknown field `")?.split_once("`, ")?;
    let own = field_name(name);
    let is_told = field == own || field.ends_with(&format!(".{own}"));
    Some(if is_told { format!("unknown field, {expected}") } else { message.to_owned() })
}

fn in_words(message: &str, place: Option<&Place>) -> String {
    if message == "wanted string or table" {
        return format!("expected a string in quotes{}", kind_found(place));
    }
    match message.split_once(", expected ") {
        Some((told, expected)) if told.starts_with("invalid type: ") => {
            format!("expected {}{}", plain(expected), kind_found(place))
        }
        Some((told, expected)) if told.starts_with("invalid value: integer `") => {
            out_of_range(told, expected)
        }
        // Of a variant only what it may be is told: what it is, is a value.
        Some((told, expected)) if told.starts_with("invalid ") || told.starts_with("unknown variant ") => {
            format!("expected {}", plain(expected))
        }
        _ => message.to_owned(),
    }
}

/// A number where a number was expected, only not this one.
fn out_of_range(told: &str, expected: &str) -> String {
    let number = told.trim_start_matches("invalid value: integer `").trim_end_matches('`');
    let expected = match plain(expected) {
        WHOLE_NUMBER if !number.starts_with('-') => "a smaller whole number",
        expected => expected,
    };
    format!("expected {expected}, found {number}")
}

fn kind_found(place: Option<&Place>) -> String {
    let kind = match place.map(|place| place.kind) {
        Some("string") => "a string",
        Some("integer") => "a whole number",
        Some("float") => "a number with a decimal point",
        Some("boolean") => "true or false",
        Some("datetime") => "a date or time without quotes",
        Some("array") => "a list",
        Some("table") => "a table",
        _ => return String::new(),
    };
    format!(", found {kind}")
}

/// What a parser expects, where it says that in Rust's words.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list: values in [ ], or tables that begin with [[ ]]",
        "a map" => "a table",
        "a string" | "path string" => "a string in quotes",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => WHOLE_NUMBER,
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => {
            "a whole number, 1 or more"
        }
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        of if of.starts_with("struct ") => "a table",
        other => other,
    }
}

fn is_name(text: &str) -> bool {
    let part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*\"".contains(&byte);
    (1..=SHOWN).contains(&text.len()) && text.bytes().all(part_of_name)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, num::NonZeroU32};

    use serde::Deserialize;

    use super::from_toml;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct File {
        shops: BTreeMap<String, Shop>,
        #[serde(default)]
        ways: Vec<Way>,
        colour: Option<Colour>,
        attempts: Option<NonZeroU32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Shop {
        url: String,
        open: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Way {
        name: String,
        parts: Vec<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Part {
        shop: String,
        weight: Option<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Blue,
        Red,
    }

    fn told(text: &str) -> String {
        from_toml::<File>(text).unwrap_err().to_string()
    }

    #[test]
    fn the_field_its_line_and_what_was_expected_and_found_are_told() {
        let way = "[shops.a]\nurl = \"u\"\n[[ways]]\nname = \"n\"\n";
        let parts = |last: &str| format!("{way}parts = [{{ shop = \"a\" }}, {{ shop = \"a\", {last} }}]\n");
        for (text, expected) in [
            (
                parts("weight = \"hush\""),
                "line 5: ways[0].parts[1].weight: expected a whole number, 0 or more, found a string",
            ),
            (
                parts("weight = -1"),
                "line 5: ways[0].parts[1].weight: expected a whole number, 0 or more, found -1",
            ),
            (
                parts("weight = 5000000000"),
                "line 5: ways[0].parts[1].weight: expected a smaller whole number, found 5000000000",
            ),
            (parts("wait = 1"), "line 5: ways[0].parts[1].wait: unknown field, expected `shop` or `weight`"),
            (format!("{way}parts = [{{ weight = 1 }}]\n"), "line 5: ways[0].parts[0].shop: is missing"),
            (way.to_owned(), "line 3: ways[0].parts: is missing"),
            ("[shops.\"a b\"]\n".to_owned(), "line 1: shops.\"a b\".url: is missing"),
            ("ways = []\n".to_owned(), "shops: is missing"),
            (
                "[shops.a]\nurl = 2027-01-31\n".to_owned(),
                "line 2: shops.a.url: expected a string in quotes, found a date or time without quotes",
            ),
            (
                "[shops.a]\nurl = \"u\"\nopen = [1]\n".to_owned(),
                "line 3: shops.a.open: expected true or false, found a list",
            ),
            ("\n[[shops]]\n".to_owned(), "line 2: shops: expected a table, found a list"),
            (
                "[shops]\n[ways]\n".to_owned(),
                "line 2: ways: expected a list: values in [ ], or tables that begin with [[ ]], found a table",
            ),
            (
                "attempts = 0\n[shops]\n".to_owned(),
                "line 1: attempts: expected a whole number, 1 or more, found 0",
            ),
            ("colour = \"hush\"\n[shops]\n".to_owned(), "line 1: colour: expected `blue` or `red`"),
            (
                "colour = 3\n[shops]\n".to_owned(),
                "line 1: colour: expected a string in quotes, found a whole number",
            ),
            (
                "[shoes]\n".to_owned(),
                "line 1: shoes: unknown field, expected one of `shops`, `ways`, `colour`, `attempts`",
            ),
        ] {
            assert_eq!(told(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_by_its_line_and_not_repeated() {
        assert_eq!(told("[shops.a]\nurl = \"hush\"\nurl = 3\n"), "line 3: `url` is given twice");
        assert_eq!(told("\"a b\" = 1\n\"a b\" = 2\n"), "line 2: a name is given twice");
        for (text, line) in
            [("hush", "line 1: "), ("[shops]\na = hush\n", "line 2: "), ("[shops", "line 1: ")]
        {
            let told = told(text);
            assert!(told.starts_with(line) && !told.contains("hush"), "{told}");
        }
    }
}
