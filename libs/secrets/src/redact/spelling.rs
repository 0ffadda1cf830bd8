//! A secret whose characters may each be written in several ways.

use std::ops::Range;

/// A secret, character by character.
pub(super) struct Spelling {
    characters: Vec<char>,
    /// The first byte of each way to write the first character.
    begins: Vec<u8>,
}

impl Spelling {
    pub(super) fn of(secret: &str) -> Self {
        let characters: Vec<char> = secret.chars().collect();
        let mut begins = b"%\\&+".to_vec();
        begins.extend(secret.bytes().next());
        Self { characters, begins }
    }

    /// Where it stands first.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let starts = bytes.iter().enumerate().filter(|(_, byte)| self.begins.contains(byte));
        let mut found = starts.filter_map(|(start, _)| {
            let length = self.length(bytes.get(start..)?)?;
            Some(start..start + length)
        });
        found.next()
    }

    /// How many bytes it takes at the beginning of these, if it stands there.
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        for character in &self.characters {
            let length = written(*character, rest)?;
            rest = rest.get(length..)?;
        }
        Some(bytes.len() - rest.len())
    }
}

/// How many bytes a character takes at the beginning of these, in whichever way it is written there.
fn written(character: char, bytes: &[u8]) -> Option<usize> {
    let mut utf8 = [0; 4];
    let plain = character.encode_utf8(&mut utf8).as_bytes();
    let escaped = match bytes.first()? {
        b'%' => in_url(plain, bytes),
        b'\\' => in_json(character, bytes),
        b'&' => in_html(character, bytes),
        b'+' => (character == ' ').then_some(1),
        _ => None,
    };
    escaped.or_else(|| bytes.starts_with(plain).then_some(plain.len()))
}

/// `%c3%A9`.
fn in_url(plain: &[u8], bytes: &[u8]) -> Option<usize> {
    for (index, byte) in plain.iter().enumerate() {
        let written = bytes.get(index * 3..index * 3 + 3)?;
        let digits = std::str::from_utf8(written.strip_prefix(b"%")?).ok()?;
        if u8::from_str_radix(digits, 16).ok()? != *byte {
            return None;
        }
    }
    Some(plain.len() * 3)
}

/// `\"`, `\/` or `é`.
fn in_json(character: char, bytes: &[u8]) -> Option<usize> {
    let after = bytes.get(1)?;
    let short = match character {
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '"' | '\\' | '/' => character as u8,
        _ => 0,
    };
    if *after == short {
        return Some(2);
    }
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    for (index, unit) in units.iter().enumerate() {
        let written = bytes.get(index * 6..index * 6 + 6)?;
        let digits = std::str::from_utf8(written.strip_prefix(b"\\u")?).ok()?;
        if u16::from_str_radix(digits, 16).ok()? != *unit {
            return None;
        }
    }
    Some(units.len() * 6)
}

/// `&amp;`, `&#38;` or `&#x26;`.
fn in_html(character: char, bytes: &[u8]) -> Option<usize> {
    /// Longer ones are padded beyond what anybody writes.
    const LONGEST: usize = 12;
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(bytes.get(1..end)?).ok()?;
    let named = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    };
    (named == Some(character)).then_some(end + 1)
}
