//! How a secret is named.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::SecretsError;

/// The longest name.
const LONGEST: usize = 512;

/// A secret's name, and where it is JSON the field of it: `shop-api` or `shop-api#client_secret`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference {
    name: String,
    field: Option<String>,
}

impl Reference {
    /// The name of the secret as its keeper knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field, if the secret is JSON and only a field of it is meant.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl FromStr for Reference {
    type Err = SecretsError;

    fn from_str(text: &str) -> Result<Self, SecretsError> {
        let (name, field) = match text.split_once('#') {
            Some((name, field)) => (name, Some(field)),
            None => (text, None),
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part.len() <= LONGEST
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte))
                && part.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
        };
        if plain(name) && field.is_none_or(plain) {
            return Ok(Self { name: name.to_owned(), field: field.map(str::to_owned) });
        }
        // Never repeated: whoever mistakes this field for the secret itself would read it in a log.
        Err(SecretsError::Reference)
    }
}

impl TryFrom<String> for Reference {
    type Error = SecretsError;

    fn try_from(text: String) -> Result<Self, SecretsError> {
        text.parse()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.field.iter().try_for_each(|field| write!(f, "#{field}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn a_name_and_perhaps_a_field() {
        for good in ["shop", "shop/api", "shop-api#client_secret", "a.b@c+d=e"] {
            assert_eq!(good.parse::<Reference>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_and_not_repeated() {
        for bad in ["", "#", "a#", "#a", "a#b#c", "../a", "a//b", "/a", "a/./b", "hunter2 ", "a\n", "é"] {
            let told = bad.parse::<Reference>().unwrap_err().to_string();
            assert!(bad.len() < 3 || !told.contains(bad), "{bad:?}: {told}");
        }
    }
}
