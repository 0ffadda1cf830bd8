//! Reading a template.

use super::{Segment, Template, Variable};

/// More than any path has.
const MAX_SEGMENTS: usize = 64;

impl Template {
    /// Reads a template; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let path =
            text.strip_prefix('/').ok_or_else(|| format!("the path {text:?} must begin with a slash"))?;
        let (path, verb) = split_verb(path)?;
        let mut template = Self { segments: Vec::new(), verb: None, variables: Vec::new() };
        for part in split_parts(path)? {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(variable) => template.variable(variable)?,
                None => template.segments.push(segment(part)?),
            }
        }
        template.verb = verb.map(str::to_owned);
        template.check()?;
        Ok(template)
    }

    fn variable(&mut self, text: &str) -> Result<(), String> {
        let (field, pattern) = text.split_once('=').unwrap_or((text, "*"));
        if !field.split('.').all(is_identifier) {
            return Err(format!("{{{text}}} names no field"));
        }
        if self.variables.iter().any(|variable| variable.field == field) {
            return Err(format!("the field {field} stands in the path twice"));
        }
        let from = self.segments.len();
        for part in pattern.split('/') {
            self.segments.push(segment(part)?);
        }
        self.variables.push(Variable { field: field.to_owned(), from, to: self.segments.len() });
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let rest = self.segments.iter().position(|segment| *segment == Segment::Rest);
        if rest.is_some_and(|rest| rest + 1 < self.segments.len()) {
            return Err("`**` must be the last part of the path".to_owned());
        }
        if self.segments.len() > MAX_SEGMENTS {
            return Err(format!("the path has more than {MAX_SEGMENTS} parts"));
        }
        Ok(())
    }
}

/// The path and what stands behind its last colon, which is behind all slashes and braces.
fn split_verb(path: &str) -> Result<(&str, Option<&str>), String> {
    let start = path.rfind(['/', '}']).map_or(0, |at| at + 1);
    let Some(colon) = path[start..].find(':') else { return Ok((path, None)) };
    let (path, verb) = path.split_at(start + colon);
    let verb = &verb[1..];
    if is_literal(verb) { Ok((path, Some(verb))) } else { Err(format!("{verb:?} is no verb")) }
}

/// The parts between slashes; those in braces do not count.
fn split_parts(path: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    let (mut from, mut inside) = (0, false);
    for (at, c) in path.char_indices() {
        match c {
            '{' if inside => return Err("a variable must not hold another".to_owned()),
            '{' => inside = true,
            '}' if !inside => return Err("a brace is closed that was not opened".to_owned()),
            '}' => inside = false,
            '/' if !inside => {
                parts.push(&path[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("a brace is not closed".to_owned());
    }
    parts.push(&path[from..]);
    Ok(parts)
}

fn segment(text: &str) -> Result<Segment, String> {
    match text {
        "*" => Ok(Segment::One),
        "**" => Ok(Segment::Rest),
        "" => Err("a part of the path is empty".to_owned()),
        literal if is_literal(literal) => Ok(Segment::Literal(literal.to_owned())),
        other => {
            Err(format!("{other:?} is no part of a path: expected `*`, `**`, a word or a variable in braces"))
        }
    }
}

/// What needs no percent signs in a path.
fn is_literal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

fn is_identifier(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use crate::template::Template;

    #[test]
    fn what_is_no_template_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "begin with a slash"),
            ("v1", "begin with a slash"),
            ("/", "empty"),
            ("/v1/", "empty"),
            ("/v1//a", "empty"),
            ("/v1/{", "not closed"),
            ("/v1/a}", "not opened"),
            ("/v1/{a={b}}", "another"),
            ("/v1/{}", "names no field"),
            ("/v1/{1a}", "names no field"),
            ("/v1/{a..b}", "names no field"),
            ("/v1/{a}/{a}", "twice"),
            ("/v1/{a=**}/b", "last"),
            ("/v1/**/b", "last"),
            ("/v1/a*", "no part"),
            ("/v1/{a}b", "no part"),
            ("/v1/a b", "no part"),
            ("/v1/{a=}", "empty"),
            ("/v1/a:", "no verb"),
            ("/v1/{a}:b:c", "no verb"),
        ] {
            let told = Template::parse(text).unwrap_err();
            assert!(told.contains(reason), "{text}: {told}");
        }
        assert!(Template::parse(&"/a".repeat(65)).unwrap_err().contains("more than 64"));
        Template::parse(&"/a".repeat(64)).unwrap();
    }
}
