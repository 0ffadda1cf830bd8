//! Headers that an argument may be in.

use http::{HeaderName, HeaderValue};

use crate::EgressError;

/// What a header may not be: the message's own frame, the connection's, and who asks in whose name.
const NEVER: [&str; 17] = [
    // The client decompresses what it asked for, within bounds.
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "http2-settings",
];
const LONGEST: usize = 4096;

/// A header of these words, if they can be one: nothing in a value begins another header, and no name changes what is asked
/// or whom.
pub fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), EgressError> {
    let invalid = |problem: String| Err(EgressError::Invalid(problem));
    let Ok(parsed) = HeaderName::try_from(name) else {
        return invalid("a header's name has characters that no name has".to_owned());
    };
    if NEVER.contains(&parsed.as_str()) || parsed.as_str().starts_with("x-forwarded-") {
        return invalid(format!("the header {parsed} cannot be set"));
    }
    if value.len() > LONGEST {
        return invalid(format!("the header {parsed} is longer than {LONGEST} bytes"));
    }
    let Ok(value) = HeaderValue::try_from(value) else {
        return invalid(format!("the header {parsed} has a line's end, or characters that no header has"));
    };
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn no_value_begins_another_header() {
        for attack in ["a\r\nx-admin: 1", "a\nb", "a\rb", "a\0b", "\u{7f}"] {
            assert!(header("x-query", attack).is_err(), "{attack:?}");
        }
        assert!(header("x-query", &"x".repeat(5000)).is_err());
        for name in ["x y", "x:y", "x\r\ny", "", "é"] {
            assert!(header(name, "a").is_err(), "{name:?}");
        }
    }

    #[test]
    fn no_name_changes_what_is_asked_or_whom() {
        for attack in
            ["Host", "host", "Transfer-Encoding", "Content-Length", "Cookie", "X-Forwarded-For", "Connection"]
        {
            assert!(header(attack, "a").is_err(), "{attack}");
        }
        assert_eq!(header("Accept-Language", "ko").unwrap().0, "accept-language");
    }
}
