//! What of an artifact is wanted, by the conditions of HTTP (RFC 9110, sections 13 and 14).

use artifacts::Artifact;
use http::{
    HeaderMap, HeaderValue,
    header::{IF_NONE_MATCH, IF_RANGE, RANGE},
};
use objects::{ByteRange, ETag};

/// What to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: the reader has it already.
    NotModified,
    /// All of it.
    Whole,
    /// A part.
    Part(ByteRange),
    /// A part that it does not have.
    Beyond,
}

impl Wanted {
    /// What a request with these headers wants. A range that cannot be read, of several parts, or for another content
    /// is passed over, as HTTP has it.
    pub(super) fn of(headers: &HeaderMap, artifact: &Artifact) -> Self {
        let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        if tags.flat_map(|tags| tags.split(',')).any(|tag| tag.trim() == "*" || is(tag, artifact)) {
            return Self::NotModified;
        }
        let text = |value: &HeaderValue| value.to_str().map(str::to_owned).ok();
        let current = headers.get(IF_RANGE).is_none_or(|condition| {
            // A weak tag or a date may mean other bytes.
            text(condition).is_some_and(|tag| tag.starts_with('"') && is(&tag, artifact))
        });
        let range = headers.get(RANGE).filter(|_| current).and_then(text);
        match range.and_then(|range| range.parse::<ByteRange>().ok()) {
            None => Self::Whole,
            Some(range) if range.within(artifact.bytes).is_some() => Self::Part(range),
            Some(_) => Self::Beyond,
        }
    }
}

fn is(tag: &str, artifact: &Artifact) -> bool {
    ETag::parse(tag).is_some_and(|tag| tag.as_str() == artifact.etag)
}

#[cfg(test)]
mod tests {
    use artifacts::{Artifact, ArtifactName};
    use http::{HeaderMap, HeaderName};
    use objects::ByteRange;

    use super::Wanted;

    fn wanted(headers: &[(&'static str, &'static str)]) -> Wanted {
        let artifact = Artifact {
            name: ArtifactName::new("a").unwrap(),
            content_type: "text/plain".into(),
            bytes: 10,
            etag: "abc".into(),
        };
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        Wanted::of(&headers.iter().map(header).collect::<HeaderMap>(), &artifact)
    }

    #[test]
    fn a_reader_who_has_it_is_told_so() {
        for tags in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(wanted(&[("if-none-match", tags), ("range", "bytes=0-1")]), Wanted::NotModified);
        }
        for tags in ["\"x\"", "", "\"x\", W/\"y\""] {
            assert_eq!(wanted(&[("if-none-match", tags)]), Wanted::Whole, "{tags}");
        }
    }

    #[test]
    fn one_range_is_a_part_and_what_cannot_be_read_is_passed_over() {
        let part = Wanted::Part(ByteRange::Span { first: 2, last: 3 });
        assert_eq!(wanted(&[("range", "bytes=2-3")]), part);
        assert_eq!(wanted(&[("range", "bytes=10-")]), Wanted::Beyond);
        for range in ["bytes=0-1,3-4", "items=0-1", "bytes=3-2", "bytes=x"] {
            assert_eq!(wanted(&[("range", range)]), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_content_is_passed_over() {
        let with = |condition| wanted(&[("range", "bytes=2-3"), ("if-range", condition)]);
        assert!(matches!(with("\"abc\""), Wanted::Part(_)));
        for other in ["\"x\"", "W/\"abc\"", "Tue, 24 Nov 2026 00:00:00 GMT"] {
            assert_eq!(with(other), Wanted::Whole, "{other}");
        }
    }
}
