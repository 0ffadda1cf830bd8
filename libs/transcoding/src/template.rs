//! Path templates of `google.api.http`.
//!
//! ```text
//! Template = "/" Segments [ Verb ] ;
//! Segments = Segment { "/" Segment } ;
//! Segment  = "*" | "**" | LITERAL | Variable ;
//! Variable = "{" FieldPath [ "=" Segments ] "}" ;
//! Verb     = ":" LITERAL ;
//! ```

mod parse;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path with places for fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) segments: Vec<Segment>,
    /// What stands behind the last colon.
    pub(crate) verb: Option<String>,
    pub(crate) variables: Vec<Variable>,
}

/// A part of a path, between slashes. The order is that in which templates are tried: the closest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    Literal(String),
    /// `*`: one part, whatever it is.
    One,
    /// `**`: all that is left, which may be nothing.
    Rest,
}

/// A field that part of a path is the value of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The field, with dots: `job.name`.
    pub(crate) field: String,
    /// The first of its segments.
    pub(crate) from: usize,
    /// The one behind its last segment.
    pub(crate) to: usize,
}

impl Template {
    /// Two literals, without a variable.
    pub(crate) fn fixed(first: &str, second: &str) -> Self {
        let segments = [first, second].map(|text| Segment::Literal(text.to_owned()));
        Self { segments: segments.into(), verb: None, variables: Vec::new() }
    }

    /// The values of the variables, in their order, if the path fits. It is percent-encoded, as it came.
    pub(crate) fn capture(&self, path: &str) -> Option<Vec<String>> {
        let path = path.strip_prefix('/')?;
        let path = match &self.verb {
            Some(verb) => path.strip_suffix(verb.as_str())?.strip_suffix(':')?,
            None => path,
        };
        let parts: Vec<&str> = path.split('/').collect();
        let rest = self.segments.last() == Some(&Segment::Rest);
        let fixed = self.segments.len() - usize::from(rest);
        if parts.len() < fixed || (parts.len() > fixed && !rest) {
            return None;
        }
        let fits = parts.iter().enumerate().all(|(index, part)| match self.segments.get(index) {
            Some(Segment::Literal(text)) => decoded(part).is_some_and(|part| part == text.as_str()),
            _ => !part.is_empty(),
        });
        let variables = self.variables.iter();
        fits.then(|| variables.map(|variable| self.value(variable, &parts)).collect()).flatten()
    }

    /// A variable of one segment is decoded fully. In one of several segments an encoded slash stays as it is, since it
    /// would look like one that parts them.
    fn value(&self, variable: &Variable, parts: &[&str]) -> Option<String> {
        let segments = self.segments.get(variable.from..variable.to)?;
        if segments == [Segment::One] {
            return decoded(parts.get(variable.from)?).map(Cow::into_owned);
        }
        let to = if segments.last() == Some(&Segment::Rest) { parts.len() } else { variable.to };
        let parts: Option<Vec<_>> = parts.get(variable.from..to)?.iter().map(|part| sparing(part)).collect();
        Some(parts?.join("/"))
    }

    /// What decides which of two templates is tried first: the smaller.
    pub(crate) fn closeness(&self) -> impl Ord + '_ {
        let kinds: Vec<u8> = self.segments.iter().map(Segment::looseness).collect();
        (self.verb.is_none(), kinds, &self.segments, &self.verb)
    }

    /// Whether both fit the same paths.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.segments == other.segments && self.verb == other.verb
    }
}

impl Segment {
    fn looseness(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::One => 1,
            Self::Rest => 2,
        }
    }
}

/// A part without its percent signs; nothing where that is no text.
fn decoded(part: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(part).decode_utf8().ok()
}

/// A part without its percent signs but those of slashes.
fn sparing(part: &str) -> Option<String> {
    let mut whole = String::new();
    let mut rest = part;
    while let Some(at) = rest.find("%2F").into_iter().chain(rest.find("%2f")).min() {
        let (before, after) = rest.split_at(at);
        let (slash, after) = after.split_at("%2F".len());
        whole.push_str(&decoded(before)?);
        whole.push_str(slash);
        rest = after;
    }
    whole.push_str(&decoded(rest)?);
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn capture(template: &str, path: &str) -> Option<Vec<String>> {
        Template::parse(template).unwrap().capture(path)
    }

    fn all<const N: usize>(values: [&str; N]) -> Vec<String> {
        values.map(str::to_owned).into()
    }

    #[test]
    fn literals_stars_and_variables_fit_what_they_should() {
        for (template, path, values) in [
            ("/v1/jobs", "/v1/jobs", Some(all([]))),
            ("/v1/jobs", "/v1/%6Aobs", Some(all([]))),
            ("/v1/jobs", "/v1/jobs/", None),
            ("/v1/jobs", "/v1//jobs", None),
            ("/v1/jobs", "/v1/Jobs", None),
            ("/v1/{id}", "/v1/a", Some(all(["a"]))),
            ("/v1/{id}", "/v1/", None),
            ("/v1/{id}", "/v1/a/b", None),
            ("/v1/{name=jobs/*}", "/v1/jobs/a", Some(all(["jobs/a"]))),
            ("/v1/{name=jobs/*}", "/v1/tools/a", None),
            ("/v1/{name=jobs/*/artifacts/*}", "/v1/jobs/a/artifacts/b", Some(all(["jobs/a/artifacts/b"]))),
            ("/v1/{parent=jobs/*}/artifacts/{id}", "/v1/jobs/a/artifacts/b", Some(all(["jobs/a", "b"]))),
            ("/v1/{rest=**}", "/v1/a/b/c", Some(all(["a/b/c"]))),
            ("/v1/{rest=**}", "/v1", Some(all([""]))),
            ("/v1/{rest=files/**}", "/v1/files", Some(all(["files"]))),
            ("/v1/*/{id}", "/v1/x/a", Some(all(["a"]))),
        ] {
            assert_eq!(capture(template, path), values, "{template} {path}");
        }
    }

    #[test]
    fn a_verb_is_what_stands_behind_the_last_colon() {
        assert_eq!(capture("/v1/{name=jobs/*}:cancel", "/v1/jobs/a:cancel"), Some(all(["jobs/a"])));
        assert_eq!(capture("/v1/{name=jobs/*}:cancel", "/v1/jobs/a:b:cancel"), Some(all(["jobs/a:b"])));
        assert_eq!(
            capture("/v1/{name=jobs/*}:cancel", "/v1/jobs/a%3Acancel"),
            None,
            "an encoded colon is data"
        );
        assert_eq!(capture("/v1/{name=jobs/*}:cancel", "/v1/jobs/:cancel"), None);
        assert_eq!(capture("/v1/{name=jobs/*}:cancel", "/v1/jobs/a"), None);
        assert_eq!(capture("/v1/jobs:purge", "/v1/jobs:purge"), Some(all([])));
        assert_eq!(capture("/v1/{name=**}:purge", "/v1/a/b:purge"), Some(all(["a/b"])));
        assert_eq!(capture("/v1/{name=jobs/*}", "/v1/jobs/a:b"), Some(all(["jobs/a:b"])));
    }

    #[test]
    fn percent_signs_are_decoded_but_slashes_among_several_segments_are_kept() {
        assert_eq!(capture("/v1/{id}", "/v1/a%2Fb%20c%C3%A9"), Some(all(["a/b cé"])));
        assert_eq!(capture("/v1/{name=jobs/*}", "/v1/jobs/a%2Fb%2fc%20d"), Some(all(["jobs/a%2Fb%2fc d"])));
        assert_eq!(capture("/v1/{name=**}", "/v1/a%2F/b%3F"), Some(all(["a%2F/b?"])));
        assert_eq!(capture("/v1/{id}", "/v1/%FF"), None, "no text");
        assert_eq!(capture("/v1/{id}", "/v1/100%"), Some(all(["100%"])));
    }

    #[test]
    fn the_closest_is_tried_first() {
        let mut templates = [
            "/v1/{rest=**}",
            "/v1/{a}/{b}",
            "/v1/jobs/{b}",
            "/v1/{a}/all",
            "/v1/jobs/all",
            "/v1/{rest=**}:go",
            "/v1/jobs/{b}:go",
        ]
        .map(|text| (Template::parse(text).unwrap(), text));
        templates.sort_by(|(a, _), (b, _)| a.closeness().cmp(&b.closeness()));
        let order: Vec<_> = templates.iter().map(|(_, text)| *text).collect();
        assert_eq!(
            order,
            [
                "/v1/jobs/{b}:go",
                "/v1/{rest=**}:go",
                "/v1/jobs/all",
                "/v1/jobs/{b}",
                "/v1/{a}/all",
                "/v1/{a}/{b}",
                "/v1/{rest=**}",
            ]
        );
    }
}
