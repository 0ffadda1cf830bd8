//! Where a page of a list begins.

use std::fmt;

use fault::Violation;

/// The longest cursor that is read.
const LONGEST: usize = 8 * 1024;

/// Which of several lists, and where in it: `{turn}:{rest}`. The rest is the list's own word, which may be a cursor too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Which list, from 0.
    pub(crate) turn: usize,
    /// Where in it; at its beginning where there is nothing.
    pub(crate) rest: Option<String>,
}

impl Cursor {
    /// Reads one that points into `lists` lists. Without a cursor it is the beginning of all.
    pub(crate) fn of(text: Option<&str>, lists: usize) -> Result<Self, Violation> {
        let Some(text) = text else { return Ok(Self::default()) };
        let parsed = text.split_once(':').filter(|_| text.len() <= LONGEST).and_then(|(turn, rest)| {
            // One way to write each number: no signs, no zeros before it.
            let number = turn.parse::<usize>().ok().filter(|number| number.to_string() == turn)?;
            Some(Self { turn: number, rest: (!rest.is_empty()).then(|| rest.to_owned()) })
        });
        parsed
            .filter(|cursor| cursor.turn < lists)
            .ok_or_else(|| Violation::new("cursor", "is not one that a list gave; start without one"))
    }

    /// What comes after a page of this list: more of it, the beginning of the next list, or nothing.
    pub(crate) fn next(&self, rest: Option<String>, lists: usize) -> Option<Self> {
        match rest {
            Some(rest) => Some(Self { turn: self.turn, rest: Some(rest) }),
            None => (self.turn + 1 < lists).then(|| Self { turn: self.turn + 1, rest: None }),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.turn, self.rest.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        assert_eq!(Cursor::of(None, 0).unwrap(), Cursor::default());
        let inner = Cursor { turn: 3, rest: Some("a:b".into()) };
        let outer = Cursor { turn: 1, rest: Some(inner.to_string()) };
        assert_eq!(outer.to_string(), "1:3:a:b");
        assert_eq!(Cursor::of(Some("1:3:a:b"), 2).unwrap(), outer);
        assert_eq!(Cursor::of(outer.rest.as_deref(), 4).unwrap(), inner);
    }

    #[test]
    fn lists_follow_one_another() {
        let first = Cursor::default();
        assert_eq!(first.next(Some("x".into()), 2).unwrap().to_string(), "0:x");
        assert_eq!(first.next(None, 2).unwrap().to_string(), "1:");
        assert_eq!(first.next(None, 1), None);
    }

    #[test]
    fn what_no_list_gave_is_refused() {
        let long = format!("0:{}", "x".repeat(8 * 1024));
        for wrong in ["", "0", ":", "2:", "-1:", "+1:", "01:", "x:", "99999999999999999999:", &long] {
            assert!(Cursor::of(Some(wrong), 2).is_err(), "{wrong}");
        }
    }
}
