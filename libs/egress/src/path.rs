//! A path with places for arguments: `/items/{id}/reviews`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::EgressError;

/// All but what means only itself in a segment.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');
const LONGEST: usize = 1024;

/// A path with places for arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Argument(String),
}

impl Path {
    /// Reads a template.
    pub fn new(template: &str) -> Result<Self, EgressError> {
        let wrong = |problem: &str| Err(EgressError::Setting(format!("the path {template:?} {problem}")));
        if !template.starts_with('/') {
            return wrong("must begin with a slash");
        }
        if template.contains(['?', '#', '\\']) {
            return wrong("must be a path alone: the query has a place of its own");
        }
        let (mut pieces, mut rest) = (Vec::new(), template);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                return wrong("has a brace that is not closed");
            };
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            if name.is_empty() || !name.bytes().all(plain) {
                return wrong("names an argument that cannot be one");
            }
            pieces.push(Piece::Fixed(before.to_owned()));
            pieces.push(Piece::Argument(name.to_owned()));
            rest = behind;
        }
        pieces.push(Piece::Fixed(rest.to_owned()));
        let fixed = pieces.iter().filter_map(|piece| match piece {
            Piece::Fixed(text) => Some(text),
            Piece::Argument(_) => None,
        });
        if fixed.clone().any(|text| text.contains('}')) {
            return wrong("closes a brace that was not opened");
        }
        if template.split('/').any(|segment| segment == "." || segment == "..") {
            return wrong("leads out of itself");
        }
        Ok(Self { pieces })
    }

    /// The arguments that it has places for.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Argument(name) => Some(name.as_str()),
            Piece::Fixed(_) => None,
        })
    }

    /// The path with arguments in their places. Whatever they are, each stays within its place: it adds no segment, ends no
    /// path and leads nowhere else.
    pub fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Result<String, EgressError> {
        let mut path = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => path.push_str(text),
                Piece::Argument(name) => {
                    let value = value(name).unwrap_or_default();
                    check(name, value)?;
                    path.extend(utf8_percent_encode(value, KEPT));
                }
            }
        }
        Ok(path)
    }
}

fn check(name: &str, value: &str) -> Result<(), EgressError> {
    let problem = match value {
        "" => "must not be empty: it stands in a path",
        // Encoded dots are dots to most servers, so these are no argument at all.
        _ if value.chars().all(|c| c == '.') => "must not be only dots: it stands in a path",
        // Some servers decode slashes before they resolve dots, and some take what follows a semicolon off first.
        _ if value.split(['/', '\\']).any(leads_away) => "must not lead elsewhere by dots between slashes",
        _ if value.len() > LONGEST => "is too long for a path",
        _ if value.chars().any(char::is_control) => "has a control character",
        _ => return Ok(()),
    };
    Err(EgressError::Argument { argument: name.to_owned(), problem })
}

/// Whether a piece between slashes stands for this folder or the one above.
fn leads_away(piece: &str) -> bool {
    matches!(piece.split(';').next(), Some("." | ".."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::Path;

    fn filled(value: &str) -> Option<String> {
        Path::new("/items/{id}/reviews").unwrap().fill(|_| Some(value)).ok()
    }

    #[test]
    fn an_argument_stays_in_its_place() {
        assert_eq!(filled("a b").unwrap(), "/items/a%20b/reviews");
        assert_eq!(filled("group/project.v1").unwrap(), "/items/group%2Fproject%2Ev1/reviews");
        assert_eq!(filled("x?admin=1#").unwrap(), "/items/x%3Fadmin%3D1%23/reviews");
        assert_eq!(filled("%2e%2e").unwrap(), "/items/%252e%252e/reviews");
        assert_eq!(filled("한글").unwrap(), "/items/%ED%95%9C%EA%B8%80/reviews");
        for attack in ["", ".", "..", "...", "a\nb", "a\0", &"x".repeat(2000)] {
            assert_eq!(filled(attack), None, "{attack:?}");
        }
        for attack in
            ["../../admin", "a/../../b", "a/..", "./a", "..\\admin", "..;/admin", "a/..;x=1/b", "/.."]
        {
            assert_eq!(filled(attack), None, "{attack:?}");
        }
    }

    #[test]
    fn templates_are_paths() {
        for wrong in
            ["", "items", "/a?b={c}", "/a#b", "/{", "/}", "/{}", "/{a b}", "/a/../b", "/a/./b", "/a\\b"]
        {
            assert!(Path::new(wrong).is_err(), "{wrong}");
        }
        let path = Path::new("/v1/{user}/items/{id}").unwrap();
        assert_eq!(path.arguments().collect::<Vec<_>>(), ["user", "id"]);
    }

    proptest! {
        #[test]
        fn whatever_it_is_the_path_has_the_same_segments(value in "\\PC{0,40}") {
            if let Some(path) = filled(&value) {
                let url = Url::parse("https://host").unwrap().join(&path).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 3);
                prop_assert_eq!((segments[0], segments[2]), ("items", "reviews"));
                prop_assert!(url.query().is_none() && url.fragment().is_none() && url.host_str() == Some("host"));
            }
        }
    }
}
