//! What of an artifact is wanted, by the conditions of HTTP (RFC 9110, sections 13 and 14).

use std::time::{SystemTime, UNIX_EPOCH};

use artifacts::Artifact;
use http::{
    HeaderMap, HeaderName,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE},
};
use objects::{ByteRange, ETag};

/// What to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: it is not the content that the reader asked for.
    Changed,
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
    ///
    /// `modified` is when the artifact was written; it is needed only where [`asks_for_dates`] says so.
    pub(super) fn of(headers: &HeaderMap, artifact: &Artifact, modified: Option<SystemTime>) -> Self {
        // A tag says more than a date, so where there is one the date is passed over.
        let matches = match Tags::of(headers, &IF_MATCH) {
            // Only a strong tag promises the same bytes.
            Some(tags) => tags.any(|tag| !tag.starts_with("W/") && is(tag, artifact)),
            None => date(headers, &IF_UNMODIFIED_SINCE)
                .is_none_or(|since| modified.is_none_or(|at| !is_after(at, since))),
        };
        if !matches {
            return Self::Changed;
        }
        let has_it = match Tags::of(headers, &IF_NONE_MATCH) {
            Some(tags) => tags.any(|tag| is(tag, artifact)),
            None => date(headers, &IF_MODIFIED_SINCE)
                .is_some_and(|since| modified.is_some_and(|at| !is_after(at, since))),
        };
        if has_it {
            return Self::NotModified;
        }
        let current = headers.get(IF_RANGE).is_none_or(|condition| {
            // A weak tag or a date may mean other bytes.
            condition.to_str().is_ok_and(|tag| tag.starts_with('"') && is(tag, artifact))
        });
        let range = headers.get(RANGE).filter(|_| current).and_then(|range| range.to_str().ok());
        match range.and_then(|range| range.parse::<ByteRange>().ok()) {
            None => Self::Whole,
            Some(range) if range.within(artifact.bytes).is_some() => Self::Part(range),
            Some(_) => Self::Beyond,
        }
    }
}

/// Whether the dates of a request can matter, so that the store has to be asked for the artifact's own.
pub(super) fn asks_for_dates(headers: &HeaderMap) -> bool {
    let alone = |date, tag| headers.contains_key(date) && !headers.contains_key(tag);
    alone(IF_MODIFIED_SINCE, IF_NONE_MATCH) || alone(IF_UNMODIFIED_SINCE, IF_MATCH)
}

/// The tags of one condition.
struct Tags<'a>(Vec<&'a str>);

impl<'a> Tags<'a> {
    fn of(headers: &'a HeaderMap, name: &HeaderName) -> Option<Self> {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        headers
            .contains_key(name)
            .then(|| Self(values.flat_map(|tags| tags.split(',')).map(str::trim).collect()))
    }

    fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|tag| *tag == "*" || is(tag))
    }
}

/// A date of a condition. One that cannot be read is no condition, as HTTP has it.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// Whether something was written after a date, which has whole seconds only.
fn is_after(written: SystemTime, date: SystemTime) -> bool {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    seconds(written) > seconds(date)
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
        let written = httpdate::parse_http_date("Tue, 24 Nov 2026 00:00:00 GMT").unwrap();
        let written = written + std::time::Duration::from_millis(700);
        Wanted::of(&headers.iter().map(header).collect::<HeaderMap>(), &artifact, Some(written))
    }

    #[test]
    fn who_wants_one_content_gets_no_other() {
        for tags in ["\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(wanted(&[("if-match", tags)]), Wanted::Whole, "{tags}");
        }
        for tags in ["\"x\"", "W/\"abc\"", ""] {
            assert_eq!(wanted(&[("if-match", tags)]), Wanted::Changed, "{tags}");
        }
        // It comes before all other conditions.
        let both = [("if-match", "\"x\""), ("if-none-match", "\"abc\"")];
        assert_eq!(wanted(&both), Wanted::Changed);
    }

    #[test]
    fn dates_count_in_whole_seconds_where_no_tag_speaks() {
        let (before, then, after) = (
            "Mon, 23 Nov 2026 23:59:59 GMT",
            "Tue, 24 Nov 2026 00:00:00 GMT",
            "Tue, 24 Nov 2026 00:00:01 GMT",
        );
        for (date, fresh) in
            [(before, Wanted::Whole), (then, Wanted::NotModified), (after, Wanted::NotModified)]
        {
            assert_eq!(wanted(&[("if-modified-since", date)]), fresh, "{date}");
            let unchanged = if date == before { Wanted::Changed } else { Wanted::Whole };
            assert_eq!(wanted(&[("if-unmodified-since", date)]), unchanged, "{date}");
        }
        assert_eq!(wanted(&[("if-modified-since", then), ("if-none-match", "\"x\"")]), Wanted::Whole);
        assert_eq!(wanted(&[("if-unmodified-since", before), ("if-match", "\"abc\"")]), Wanted::Whole);
        assert_eq!(wanted(&[("if-modified-since", "yesterday")]), Wanted::Whole);
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
