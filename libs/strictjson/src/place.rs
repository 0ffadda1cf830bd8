//! Where a value stands.

use std::fmt;

/// A place, as whoever sent it would write it: `job.tags[2].name`. It is written only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Name(&'a str),
    Index(usize),
}

/// How much of a name an error repeats.
const SHOWN: usize = 80;

impl<'a> Place<'a> {
    /// A field at the top.
    pub fn top(name: &'a str) -> Self {
        Self { outer: None, part: Part::Name(name) }
    }

    /// A field, or an entry of a map.
    pub fn name(outer: Option<&'a Place<'a>>, name: &'a str) -> Self {
        Self { outer, part: Part::Name(name) }
    }

    /// An item of a list.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Self {
        Self::item(Some(self), index)
    }

    /// The same of a list that may be all there is.
    pub(crate) fn item(outer: Option<&'a Place<'a>>, index: usize) -> Self {
        Self { outer, part: Part::Index(index) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        match self.part {
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Name(name) => {
                let dot = if self.outer.is_some() { "." } else { "" };
                // A name may be nothing, and must be seen all the same.
                let name = if name.is_empty() { "\"\"" } else { name };
                write!(f, "{dot}{}", &name[..name.floor_char_boundary(SHOWN)])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_told_as_its_sender_would_write_it() {
        let job = Place::top("job");
        let tags = Place::name(Some(&job), "tags");
        let tag = tags.index(2);
        assert_eq!(Place::name(Some(&tag), "name").to_string(), "job.tags[2].name");
        assert_eq!(Place::top("").to_string(), "\"\"");
        assert_eq!(Place::item(None, 3).to_string(), "[3]");
        assert_eq!(Place::top(&"é".repeat(500)).to_string().len(), 80);
    }
}
