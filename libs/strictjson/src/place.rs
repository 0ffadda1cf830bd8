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
/// And how much of a whole place: errors travel in headers, and names nest deep.
const LONGEST: usize = 400;

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

impl Place<'_> {
    fn write(&self, to: &mut impl fmt::Write) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.write(to)?;
        }
        match self.part {
            Part::Index(index) => write!(to, "[{index}]"),
            Part::Name(name) => {
                let dot = if self.outer.is_some() { "." } else { "" };
                // A name may be nothing, and must be seen all the same.
                let name = if name.is_empty() { "\"\"" } else { name };
                write!(to, "{dot}{}", &name[..name.floor_char_boundary(SHOWN)])
            }
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut whole = String::new();
        self.write(&mut whole)?;
        if whole.len() <= LONGEST {
            return f.write_str(&whole);
        }
        write!(f, "{}…", &whole[..whole.floor_char_boundary(LONGEST)])
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

    #[test]
    fn of_a_deep_place_the_beginning_is_told() {
        let name = "é".repeat(40);
        let told = nested(&name, 99, None);
        assert_eq!((told.chars().last(), told.len()), (Some('…'), 403));
        assert!(told.starts_with(&format!("{name}.{name}.")), "{told}");
        assert_eq!(nested("abc", 99, None).len(), 399);
    }

    /// The place of a name `depth` times within itself.
    fn nested(name: &str, depth: usize, outer: Option<&Place<'_>>) -> String {
        let place = Place::name(outer, name);
        if depth == 0 { place.to_string() } else { nested(name, depth - 1, Some(&place)) }
    }
}
