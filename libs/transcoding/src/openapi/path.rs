//! A template as `OpenAPI` has it, where a place is one part of a path: `/v1/{name=jobs/*}` is `/v1/jobs/{job}`.

use prost_reflect::FieldDescriptor;

use crate::{
    rule::Binding,
    template::{Segment, Variable},
};

/// A path and its places.
pub(super) struct Path {
    pub(super) text: String,
    pub(super) places: Vec<Place>,
}

/// A place in a path.
pub(super) struct Place {
    pub(super) name: String,
    /// The field whose value it is, where it is all of it.
    pub(super) field: Option<FieldDescriptor>,
    /// What it is part of: `name` is `jobs/{job}`.
    pub(super) part_of: Option<String>,
}

impl Path {
    pub(super) fn of(binding: &Binding) -> Self {
        let template = &binding.template;
        let mut path = Self { text: String::new(), places: Vec::new() };
        for (index, segment) in template.segments.iter().enumerate() {
            if let Segment::Literal(text) = segment {
                path.text = format!("{}/{text}", path.text);
                continue;
            }
            let found = template.variables.iter().zip(&binding.fields);
            let found = found.into_iter().find(|(variable, _)| (variable.from..variable.to).contains(&index));
            let name = match found {
                Some((variable, _)) if *segment == Segment::Rest || is_one(variable) => last(&variable.field),
                _ => singular(before(&template.segments, index)),
            };
            let name = path.free(name);
            path.text = format!("{}/{{{name}}}", path.text);
            let field =
                found.and_then(|(variable, fields)| is_one(variable).then(|| fields.last().cloned())?);
            path.places.push(Place { name, field, part_of: None });
        }
        path.tell_parts(binding);
        if let Some(verb) = &template.verb {
            path.text = format!("{}:{verb}", path.text);
        }
        path
    }

    /// Says of places that are part of a value what the whole is.
    fn tell_parts(&mut self, binding: &Binding) {
        let words: Vec<_> = self.text.split('/').skip(1).map(str::to_owned).collect();
        let is_place = |segment: &Segment| !matches!(segment, Segment::Literal(_));
        for variable in binding.template.variables.iter().filter(|variable| !is_one(variable)) {
            let whole = words.get(variable.from..variable.to).unwrap_or_default().join("/");
            let segments = &binding.template.segments;
            let first = segments.iter().take(variable.from).filter(|it| is_place(it)).count();
            let count = segments.iter().take(variable.to).filter(|it| is_place(it)).count() - first;
            for place in self.places.iter_mut().skip(first).take(count) {
                place.part_of = Some(format!("`{}` is `{whole}`.", variable.field));
            }
        }
    }

    /// The name, or one like it that is not taken.
    fn free(&self, name: String) -> String {
        let taken = |name: &str| self.places.iter().any(|place| place.name == name);
        let others = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(others).find(|name| !taken(name));
        free.unwrap_or(name)
    }
}

fn is_one(variable: &Variable) -> bool {
    variable.to == variable.from + 1
}

fn last(field: &str) -> String {
    field.rsplit('.').next().unwrap_or(field).to_owned()
}

/// The literal before a segment.
fn before(segments: &[Segment], index: usize) -> &str {
    match index.checked_sub(1).and_then(|index| segments.get(index)) {
        Some(Segment::Literal(text)) => text,
        _ => "part",
    }
}

/// `jobs` as `job`; names of collections are plural.
fn singular(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (_, Some(stem)) if !stem.ends_with('s') && !stem.is_empty() => stem.to_owned(),
        _ => word.to_owned(),
    }
}
