//! Where things stand in a text in TOML.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A longer name is told by its beginning.
const SHOWN: usize = 64;

/// A value in a text.
pub(crate) struct Place {
    /// Its path, such as `routes[0].targets[1].weight`.
    pub(crate) field: String,
    /// Where its name stands; an entry of a list has none, and stands for itself.
    name: Range<usize>,
    value: Range<usize>,
    /// `string`, `integer` and so on.
    pub(crate) kind: &'static str,
}

/// Every value of a text, a table before what it holds.
pub(crate) struct Places<'a> {
    text: &'a str,
    all: Vec<Place>,
}

impl<'a> Places<'a> {
    /// Those of this text; none of one that is no TOML.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut all = Vec::new();
        if let Ok(root) = DeTable::parse(text) {
            enter(root.get_ref(), "", &mut all);
        }
        Self { text, all }
    }

    /// The value that stands at a span, or whose name does. A list of tables and its first table begin with the same
    /// header: `outermost` is the list.
    pub(crate) fn at(&self, span: &Range<usize>, outermost: bool) -> Option<&Place> {
        let mut fitting = self.all.iter().filter(|place| place.value == *span || place.name == *span);
        if outermost { fitting.next() } else { fitting.next_back() }
    }

    /// The line of a field, or of the nearest table around it.
    pub(crate) fn line(&self, field: &str) -> Option<usize> {
        if field.is_empty() {
            return None;
        }
        match self.all.iter().find(|place| place.field == field) {
            Some(place) => line_at(self.text, place.name.start),
            None => self.line(&field[..field.rfind(['.', '['])?]),
        }
    }
}

/// The number of the line in which this byte stands.
pub(crate) fn line_at(text: &str, offset: usize) -> Option<usize> {
    let before = text.as_bytes().get(..offset)?;
    Some(before.split(|byte| *byte == b'\n').count())
}

/// The name of a field, as it stands in a path: in quotes where TOML wants them.
pub fn field_name(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.chars().nth(SHOWN).is_some() {
        return format!("{:?}", name.chars().take(SHOWN).chain(['…']).collect::<String>());
    }
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { format!("{name:?}") }
}

fn enter(table: &DeTable<'_>, path: &str, all: &mut Vec<Place>) {
    for (name, value) in table {
        let own = field_name(name.get_ref());
        let field = if path.is_empty() { own } else { format!("{path}.{own}") };
        note(&field, name.span(), value, all);
    }
}

fn note(field: &str, name: Range<usize>, value: &Spanned<DeValue<'_>>, all: &mut Vec<Place>) {
    let kind = value.get_ref().type_str();
    all.push(Place { field: field.to_owned(), name, value: value.span(), kind });
    match value.get_ref() {
        DeValue::Table(table) => enter(table, field, all),
        DeValue::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                note(&format!("{field}[{index}]"), entry.span(), entry, all);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::field_name;

    #[test]
    fn a_name_is_in_quotes_where_a_path_would_be_misread_and_never_long() {
        assert_eq!(field_name("tls-name_2"), "tls-name_2");
        for (name, shown) in [("a.b", "\"a.b\""), ("", "\"\""), ("é", "\"é\"")] {
            assert_eq!(field_name(name), shown);
        }
        assert!(field_name(&"n".repeat(100_000)).len() < 80);
    }
}
