//! From bytes to what somebody sends.
//!
//! Each line is a word and what it is for:
//!
//! - `header` and `claims` are the parts of a token, as they are before Base64; `sign` names who signs it, and `change`
//!   a byte of the token and what it becomes after that.
//! - `send` is a header. Keys that the door knows, and the token, stand in it in braces: `{stored}`, `{token}`.
//! - `name` is a name in the certificate of the connection, which is there if one is.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    known::KNOWN,
    signer::{SIGNERS, Signer},
};

/// What is sent, and how its token came to be.
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) certificate: Option<Vec<String>>,
    pub(crate) token: Token,
}

pub(crate) struct Token {
    pub(crate) header: Vec<u8>,
    pub(crate) claims: Vec<u8>,
    pub(crate) signer: Signer,
    pub(crate) text: Vec<u8>,
    /// Whether it is as it was signed.
    pub(crate) is_whole: bool,
}

impl Asked {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
        let all = |word: &'static [u8]| {
            lines.iter().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(b" "))
        };
        let last = |word| all(word).next_back().unwrap_or_default();
        let signer = SIGNERS.iter().find(|(name, _)| name.as_bytes() == last(b"sign"));
        let signer = signer.map_or(Signer::Nobody, |(_, signer)| *signer);
        let (header, claims) = (last(b"header").to_vec(), last(b"claims").to_vec());
        let signed = signer.token(&header, &claims);
        let mut text = signed.clone();
        for change in all(b"change") {
            changed(&mut text, change);
        }
        let is_whole = text == signed;
        let names = all(b"name").map(|name| String::from_utf8_lossy(name).into_owned());
        let names: Vec<_> = names.collect();
        let headers = all(b"send").filter_map(|line| sent(line, &text)).collect::<Vec<_>>();
        Self {
            headers: collected(headers),
            certificate: (!names.is_empty()).then_some(names),
            token: Token { header, claims, signer, text, is_whole },
        }
    }
}

/// `change` is a place and the byte that is put there.
fn changed(token: &mut [u8], change: &[u8]) {
    let Some(at) = change.iter().position(|byte| *byte == b' ') else { return };
    let place = std::str::from_utf8(&change[..at]).ok().and_then(|place| place.parse::<usize>().ok());
    if let (Some(place), Some(byte)) = (place, change.get(at + 1)) {
        let place = place % token.len();
        token[place] = *byte;
    }
}

/// A header, if it is one.
fn sent(line: &[u8], token: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let mut value = line[colon + 1..].trim_ascii().to_vec();
    for key in &KNOWN.keys {
        value = filled(&value, key.called.as_bytes(), key.secret.as_str().as_bytes());
    }
    value = filled(&value, b"{token}", token);
    Some((name, HeaderValue::from_bytes(&value).ok()?))
}

/// `text` with another in the place of the first `blank`.
fn filled(text: &[u8], blank: &[u8], with: &[u8]) -> Vec<u8> {
    match text.windows(blank.len()).position(|part| part == blank) {
        Some(at) => [&text[..at], with, &text[at + blank.len()..]].concat(),
        None => text.to_vec(),
    }
}

fn collected(headers: Vec<(HeaderName, HeaderValue)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value);
    }
    map
}
