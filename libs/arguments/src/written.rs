//! Files that operators write.

use std::{
    fs,
    io::{self, ErrorKind, Read},
    ops::Range,
    path::Path,
};

/// The most that is read of one, in bytes.
const LARGEST: u64 = 1 << 20;
/// A name that is told is not longer.
const SHOWN: usize = 64;

/// The bytes of a file of at most 1 MiB. An error says what is wrong with it; the file is for the caller to name.
pub fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(bytes)
}

/// The same of one that is text.
pub fn text_of(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes_of(path)?).map_err(|error| {
        let sound = error.utf8_error().valid_up_to();
        let line = line_at(&error.as_bytes()[..sound]);
        io::Error::new(ErrorKind::InvalidData, format!("line {line}: not UTF-8"))
    })
}

/// What a parser of TOML found wrong, and at which line, in words for people. `span` and `message` are the parser's. Nothing but
/// names is repeated of the text: what stands in such files may be a secret.
pub fn toml_problem(text: &str, span: Option<Range<usize>>, message: &str) -> String {
    let line = line_at(span.clone().and_then(|span| text.get(..span.start)).unwrap_or_default().as_bytes());
    let found = span.and_then(|span| text.get(span)).filter(|found| is_name(found));
    let problem = match (message, found) {
        ("duplicate key", Some(name)) => format!("`{name}` is given twice"),
        ("duplicate key", None) => "a name is given twice".to_owned(),
        _ => in_words(message),
    };
    format!("line {line}: {problem}")
}

fn in_words(message: &str) -> String {
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("{field} is missing");
    }
    match message.split_once(", expected ") {
        Some((told, expected)) if told.starts_with("invalid ") => format!("expected {}", plain(expected)),
        _ => message.to_owned(),
    }
}

/// What a parser expects, where it says that in Rust's words.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list: values in [ ], or tables that begin with [[ ]]",
        "a map" => "a table",
        "a string" => "a string in quotes",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
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

/// The number of the line that follows this text.
fn line_at(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{text_of, toml_problem};

    /// A file of this test alone.
    fn file(name: &str, bytes: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ondol-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line() {
        let sound = file("sound", "a = \"é\"\n".as_bytes());
        assert_eq!(text_of(&sound).unwrap(), "a = \"é\"\n");
        let odd = file("odd", b"a = 1\n# \xff\n");
        assert_eq!(text_of(&odd).unwrap_err().to_string(), "line 2: not UTF-8");
        let huge = file("huge", &vec![b'#'; (1 << 20) + 1]);
        assert_eq!(text_of(&huge).unwrap_err().to_string(), "larger than 1 MiB");
        for path in [sound, odd, huge] {
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_problem_is_told_by_its_line_in_plain_words_and_without_values() {
        let text = "[a]\nname = \"hush\"\nname = 3\n";
        let name = text.rfind("name").unwrap();
        for (span, message, told) in [
            (Some(name..name + 4), "duplicate key", "line 3: `name` is given twice"),
            (Some(0..0), "missing field `keys`", "line 1: `keys` is missing"),
            (
                Some(4..8),
                "unknown field `name`, expected `names`",
                "line 2: unknown field `name`, expected `names`",
            ),
            (
                Some(11..17),
                "invalid type: string \"hush\", expected u64",
                "line 2: expected a whole number, 0 or more",
            ),
            (None, "invalid type: map, expected a string", "line 1: expected a string in quotes"),
        ] {
            assert_eq!(toml_problem(text, span, message), told);
        }
        assert_eq!(toml_problem("\"a b\" = 1", Some(0..5), "duplicate key"), "line 1: a name is given twice");
    }
}
