//! Which bytes of an object are wanted.

use std::{fmt, ops::Range, str::FromStr};

use crate::ObjectsError;

/// A part of an object, as in HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last offset, both included; what is beyond the end is left out.
    Span {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// From an offset to the end.
    From(u64),
    /// So many bytes at the end; all of them if there are fewer.
    Last(u64),
}

impl ByteRange {
    /// The offsets in an object of this size; `None` if there is no byte in the range.
    pub fn within(self, size: u64) -> Option<Range<u64>> {
        let (start, end) = match self {
            Self::Span { first, last } => (first, last.saturating_add(1).min(size)),
            Self::From(first) => (first, size),
            Self::Last(length) => (size.saturating_sub(length), size),
        };
        (start < end).then_some(start..end)
    }
}

/// As it stands in a `Range` header.
impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { first, last } => write!(f, "bytes={first}-{last}"),
            Self::From(first) => write!(f, "bytes={first}-"),
            Self::Last(length) => write!(f, "bytes=-{length}"),
        }
    }
}

/// Reads a `Range` header of one range; HTTP lets a server ignore the header where this fails.
impl FromStr for ByteRange {
    type Err = ObjectsError;

    fn from_str(text: &str) -> Result<Self, ObjectsError> {
        let wrong = || {
            ObjectsError::invalid("range", "expected one range such as bytes=0-99, bytes=100- or bytes=-50")
        };
        let (first, last) =
            text.strip_prefix("bytes=").and_then(|text| text.split_once('-')).ok_or_else(wrong)?;
        let number = |text: &str| {
            // `parse` alone would take a sign.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<u64>().map_err(|_| wrong()) } else { Err(wrong()) }
        };
        match (first, last) {
            ("", last) => Ok(Self::Last(number(last)?)),
            (first, "") => Ok(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first <= last { Ok(Self::Span { first, last }) } else { Err(wrong()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByteRange;

    #[test]
    fn headers_are_read_and_written() {
        for text in ["bytes=0-0", "bytes=5-", "bytes=-7"] {
            assert_eq!(text.parse::<ByteRange>().unwrap().to_string(), text);
        }
        for text in
            ["", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,3-4", "bytes=+1-2", "items=0-1", "bytes=a-b"]
        {
            assert!(text.parse::<ByteRange>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_range_is_cut_to_the_object_and_may_miss_it() {
        assert_eq!(ByteRange::Span { first: 2, last: 99 }.within(10), Some(2..10));
        assert_eq!(ByteRange::Span { first: 0, last: u64::MAX }.within(10), Some(0..10));
        assert_eq!(ByteRange::From(9).within(10), Some(9..10));
        assert_eq!(ByteRange::From(10).within(10), None);
        assert_eq!(ByteRange::Last(99).within(10), Some(0..10));
        assert_eq!(ByteRange::Last(0).within(10), None);
        assert_eq!(ByteRange::From(0).within(0), None);
    }
}
