//! The digest that somebody expects of a package.

use std::str::FromStr;

/// `NAME=sha256:HEX`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) name: String,
    /// 64 digits of lower-case hex.
    pub(super) digest: String,
}

impl FromStr for Expected {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            "expected NAME=sha256:HEX with 64 digits of lower-case hex, as `ondol model show` prints them";
        let (name, digest) = text.split_once("=sha256:").ok_or(wrong)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if name.is_empty() || digest.len() != 64 || !digest.bytes().all(is_hex) {
            return Err(wrong);
        }
        Ok(Self { name: name.to_owned(), digest: digest.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::Expected;

    #[test]
    fn a_digest_is_whole_or_refused() {
        let hex = "0123456789abcdef".repeat(4);
        let expected: Expected = format!("qwen3-8b=sha256:{hex}").parse().unwrap();
        assert_eq!((expected.name.as_str(), &expected.digest), ("qwen3-8b", &hex));
        let upper = hex.to_uppercase();
        for text in [
            format!("sha256:{hex}"),
            format!("=sha256:{hex}"),
            format!("a=sha256:{}", &hex[1..]),
            format!("a=sha256:{upper}"),
            format!("a=md5:{hex}"),
            "a".to_owned(),
        ] {
            assert!(text.parse::<Expected>().is_err(), "{text}");
        }
    }
}
