//! Where the next page of a result begins.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tools::ToolsError;

use super::{access::wrong, settings::LARGEST_PAGE};

/// Athena's own tokens have at most this many bytes.
const LONGEST: usize = 1024;

/// A place in a result: one of Athena's pages, and how many of its rows were handed over already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The query.
    pub(super) query: String,
    /// Athena's token of the page; the first one has none.
    pub(super) page: Option<String>,
    /// Rows to pass over.
    pub(super) skip: usize,
}

impl Cursor {
    pub(super) fn beginning(query: &str) -> Self {
        Self { query: query.to_owned(), page: None, skip: 0 }
    }

    /// As callers hand it back. Nothing in it is secret, and nothing in it is believed: whose the query is, is asked of Athena.
    pub(super) fn token(&self) -> String {
        let page = self.page.as_deref().unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(format!("{} {} {page}", self.query, self.skip))
    }

    /// What such a token says.
    pub(super) fn of(token: &str) -> Result<Self, ToolsError> {
        Self::read(token).ok_or_else(|| {
            wrong("page_token", "must be the next_page_token of an answer of this tool".to_owned())
        })
    }

    fn read(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(3, ' ');
        let (query, skip, page) = (parts.next()?, parts.next()?, parts.next()?);
        let skip = skip.parse().ok().filter(|skip| *skip <= LARGEST_PAGE)?;
        let sound = uuid::Uuid::try_parse(query).is_ok() && query.len() == 36 && page.len() <= LONGEST;
        let page = (!page.is_empty()).then(|| page.to_owned());
        sound.then(|| Self { query: query.to_owned(), page, skip })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::Cursor;

    const QUERY: &str = "0f5b9c4e-3a1d-4e0b-9c1e-6d0f6b6f7a10";

    #[test]
    fn a_token_says_what_it_was_told() {
        for (page, skip) in [(None, 0), (None, 7), (Some("AbC+/= x"), 0), (Some("a"), 1000)] {
            let cursor = Cursor { query: QUERY.to_owned(), page: page.map(str::to_owned), skip };
            assert_eq!(Cursor::of(&cursor.token()).unwrap(), cursor);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let encoded = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        for token in [
            String::new(),
            "?".to_owned(),
            encoded(""),
            encoded(QUERY),
            encoded(&format!("{QUERY} 1")),
            encoded(&format!("{QUERY} -1 ")),
            encoded(&format!("{QUERY} 1001 ")),
            encoded("../../x 1 "),
            encoded(&format!("{QUERY} 1 {}", "x".repeat(1025))),
            encoded(&format!("{} 1 ", QUERY.replace('-', ""))),
        ] {
            assert!(Cursor::of(&token).is_err(), "{token}");
        }
    }
}
