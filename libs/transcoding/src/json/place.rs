//! Where in a request a value stands.

use std::fmt;

/// A place, as the caller would write it: `job.tags[2].name`. It is written only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
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
    /// A field of the request itself.
    pub(crate) fn top(name: &'a str) -> Self {
        Self { outer: None, part: Part::Name(name) }
    }

    /// A field, or an entry of a map.
    pub(crate) fn name(outer: Option<&'a Place<'a>>, name: &'a str) -> Self {
        Self { outer, part: Part::Name(name) }
    }

    /// An item of a list.
    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self { outer: Some(self), part: Part::Index(index) }
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
                write!(f, "{dot}{}", &name[..name.floor_char_boundary(SHOWN)])
            }
        }
    }
}
