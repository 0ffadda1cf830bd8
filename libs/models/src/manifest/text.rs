//! A manifest as TOML: read with the line of what is wrong, written the same way every time.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::{Manifest, SCHEMA, rules::Broken};
use crate::ModelError;

impl Manifest {
    /// Reads and checks the text of a `model.toml`.
    ///
    /// The version is looked at first, so that a file of another version is called that, and not a file with unknown
    /// fields.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let schema: Version = from_toml(text)?;
        if schema.schema != SCHEMA {
            let problem = format!(
                "schema is {}, and this build reads {SCHEMA} only; import the model again",
                schema.schema
            );
            return Err(ModelError::Manifest { line: line_of(text, &["schema"]), problem });
        }
        let manifest: Self = from_toml(text)?;
        manifest.check().map_err(|broken| broken.at(text))?;
        Ok(manifest)
    }

    /// The text of a `model.toml` that [`Manifest::parse`] reads back as the same value. Equal manifests give equal
    /// texts.
    ///
    /// Fails where [`Manifest::validate`] does: a manifest that nobody can read is never written.
    pub fn to_toml(&self) -> Result<String, ModelError> {
        self.validate()?;
        toml::to_string(self).map_err(|error| ModelError::Manifest { line: None, problem: error.to_string() })
    }

    /// Checks every rule that the types cannot hold: names, dimensions, token ids, checksums.
    pub fn validate(&self) -> Result<(), ModelError> {
        self.check().map_err(|broken| broken.at(""))
    }
}

/// The one field that every version of the file has.
#[derive(Deserialize)]
struct Version {
    schema: u32,
}

impl Broken {
    /// As an error, with the line of `text` where the field stands.
    fn at(self, text: &str) -> ModelError {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        ModelError::Manifest {
            line: line_of(text, &path),
            problem: format!("{} {}", self.path.join("."), self.problem),
        }
    }
}

fn from_toml<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, ModelError> {
    toml::from_str(text).map_err(|error| ModelError::Manifest {
        line: error.span().map(|span| line_at(text, span.start)),
        problem: error.message().trim_end().to_owned(),
    })
}

/// The line on which the value at `path` begins; that of its nearest table when the value is absent.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut found = None;
    for key in path {
        let Some(value) = table.get(*key) else { break };
        found = Some(value.span().start);
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    found.map(|offset| line_at(text, offset))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};

    use crate::{
        ModelError,
        manifest::{Manifest, example},
    };

    fn refuse(text: &str) -> (Option<usize>, String) {
        let error = Manifest::parse(text).expect_err("must be refused");
        assert_eq!(error.kind(), Kind::DataLoss);
        match error {
            ModelError::Manifest { line, problem } => (line, problem),
            other => panic!("not a manifest's error: {other}"),
        }
    }

    fn line_with(text: &str, needle: &str) -> Option<usize> {
        text.lines().position(|line| line.contains(needle)).map(|index| index + 1)
    }

    #[test]
    fn a_manifest_survives_writing_and_reading() {
        let manifest = example();
        let text = manifest.to_toml().unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), manifest);
        assert_eq!(Manifest::parse(&text).unwrap().to_toml().unwrap(), text);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let text = example().to_toml().unwrap().replace("[decoder]", "[decoder]\nexperts = 8");
        let (line, problem) = refuse(&text);
        assert_eq!(line, line_with(&text, "experts"));
        assert!(problem.contains("experts"), "{problem}");
    }

    #[test]
    fn another_schema_is_called_that_even_with_fields_of_its_own() {
        let text = example().to_toml().unwrap().replace("schema = 1", "schema = 2\nexperts = 8");
        let (line, problem) = refuse(&text);
        assert_eq!(line, Some(1));
        assert!(problem.contains("schema is 2") && problem.contains("reads 1"), "{problem}");
    }

    #[test]
    fn a_broken_rule_is_named_with_its_line() {
        let text = example().to_toml().unwrap().replace("kv_heads = 3", "kv_heads = 2");
        let (line, problem) = refuse(&text);
        assert_eq!(line, line_with(&text, "kv_heads"));
        assert!(problem.starts_with("decoder.kv_heads"), "{problem}");
    }

    #[test]
    fn a_missing_table_is_named() {
        let text = example().to_toml().unwrap();
        let start = text.find("[provenance]").unwrap();
        let end = text.find("[files").unwrap();
        let (_, problem) = refuse(&format!("{}{}", &text[..start], &text[end..]));
        assert!(problem.contains("provenance"), "{problem}");
    }

    #[test]
    fn text_that_is_no_toml_is_refused_with_its_line() {
        assert_eq!(refuse("schema = 1\nname = = 3").0, Some(2));
    }

    #[test]
    fn a_manifest_that_breaks_a_rule_is_not_written() {
        let mut manifest = example();
        manifest.name = "../escape".into();
        assert!(manifest.to_toml().is_err());
    }
}
