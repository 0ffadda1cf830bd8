//! What a manifest must hold beyond its types.

use super::{Decoder, FileRecord, Manifest, Provenance, SCHEMA, SpecialTokens, Task};

/// The most that any dimension may be. Far above every known model; low enough that the product of two dimensions
/// never overflows 64 bits.
const MAX_DIMENSION: u32 = 1 << 24;

/// A token position counter must stay well inside 32 bits.
const MAX_CONTEXT: u32 = 1 << 28;

/// Files that a package cannot be without.
const REQUIRED: [&str; 2] = ["model.onnx", "tokenizer.json"];

/// A rule that a manifest breaks.
pub(super) struct Broken {
    /// The field, from the root of the file.
    pub(super) path: Vec<String>,
    /// What was wrong and what was expected, to be read after the field's name.
    pub(super) problem: String,
}

type Checked = Result<(), Broken>;

impl Manifest {
    pub(super) fn check(&self) -> Checked {
        require(self.schema == SCHEMA, &["schema"], || format!("is {}, expected {SCHEMA}", self.schema))?;
        require(is_model_name(&self.name), &["name"], || {
            format!(
                "is {:?}, expected 1 to 63 characters of a-z, 0-9, `.`, `_` and `-` that begin with a letter or digit",
                self.name
            )
        })?;
        within(self.context, MAX_CONTEXT, &["context"])?;
        match self.task {
            Task::TextGeneration => {
                let Some(decoder) = &self.decoder else {
                    return Err(broken(&["decoder"], "is missing, and text generation needs it"));
                };
                decoder.check()?;
                self.tokens.check(decoder.vocabulary)?;
            }
        }
        self.provenance.check()?;
        for (name, file) in &self.files {
            file.check(name)?;
        }
        for name in REQUIRED {
            require(self.files.contains_key(name), &["files"], || format!("lists no {name}"))?;
        }
        Ok(())
    }
}

impl Decoder {
    fn check(&self) -> Checked {
        for (field, value) in [
            ("layers", self.layers),
            ("heads", self.heads),
            ("kv_heads", self.kv_heads),
            ("head_dim", self.head_dim),
            ("hidden", self.hidden),
            ("vocabulary", self.vocabulary),
        ] {
            within(value, MAX_DIMENSION, &["decoder", field])?;
        }
        require(self.heads.is_multiple_of(self.kv_heads), &["decoder", "kv_heads"], || {
            format!("is {}, expected a divisor of the {} heads", self.kv_heads, self.heads)
        })?;
        require(self.head_dim.is_multiple_of(2), &["decoder", "head_dim"], || {
            format!("is {}, expected an even number: positions rotate pairs", self.head_dim)
        })
    }
}

impl SpecialTokens {
    fn check(&self, vocabulary: u32) -> Checked {
        require(!self.end.is_empty(), &["tokens", "end"], || {
            "is empty, and a generation would never end by itself".to_owned()
        })?;
        let below = |field, id: u32| {
            require(id < vocabulary, &["tokens", field], || {
                format!("has id {id}, expected one below the vocabulary's {vocabulary}")
            })
        };
        self.end.iter().try_for_each(|id| below("end", *id))?;
        self.begin.map_or(Ok(()), |id| below("begin", id))
    }
}

impl Provenance {
    fn check(&self) -> Checked {
        require(is_file_name(&self.source), &["provenance", "source"], || {
            format!("is {:?}, expected a file name without folders", self.source)
        })?;
        require(is_sha256(&self.source_sha256), &["provenance", "source_sha256"], || {
            expected_sha256(&self.source_sha256)
        })
    }
}

impl FileRecord {
    fn check(&self, name: &str) -> Checked {
        require(is_file_name(name) && name != crate::package::MANIFEST, &["files", name], || {
            "is no name of a package's file: no folders, no leading dot, and not model.toml itself".to_owned()
        })?;
        require(is_sha256(&self.sha256), &["files", name, "sha256"], || expected_sha256(&self.sha256))
    }
}

/// Whether a model may be called this; such a name is safe as a folder's name too.
pub(crate) fn is_model_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with('.')
        && !name.chars().any(|c| c.is_control() || c == '/' || c == '\\')
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn expected_sha256(found: &str) -> String {
    format!("is {found:?}, expected 64 digits of lower-case hex")
}

fn within(value: u32, max: u32, path: &[&str]) -> Checked {
    require((1..=max).contains(&value), path, || format!("is {value}, expected 1 to {max}"))
}

fn require(holds: bool, path: &[&str], problem: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(broken(path, problem())) }
}

fn broken(path: &[&str], problem: impl Into<String>) -> Broken {
    Broken { path: path.iter().map(|part| (*part).to_owned()).collect(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::is_model_name;
    use crate::manifest::{FileRecord, Manifest, example};

    fn refusal(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = example();
        change(&mut manifest);
        manifest.validate().expect_err("must be refused").to_string()
    }

    #[test]
    fn the_example_holds() {
        example().validate().unwrap();
    }

    #[test]
    fn names_are_safe_as_folders() {
        for good in ["a", "smollm2-135m-instruct", "qwen2.5_0.5b", "7b", &"x".repeat(63)] {
            assert!(is_model_name(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "-x", "A", "a/b", "a\\b", "a b", "é", "a\0", &"x".repeat(64)] {
            assert!(!is_model_name(bad), "{bad}");
        }
    }

    #[test]
    fn each_rule_names_its_field() {
        type Change = fn(&mut Manifest);
        let changes: [(&str, Change); 13] = [
            ("schema", |m| m.schema = 9),
            ("name", |m| m.name = "Not A Name".into()),
            ("context", |m| m.context = 0),
            ("decoder is missing", |m| m.decoder = None),
            ("decoder.layers", |m| m.decoder.as_mut().unwrap().layers = 0),
            ("decoder.vocabulary", |m| m.decoder.as_mut().unwrap().vocabulary = u32::MAX),
            ("decoder.head_dim", |m| m.decoder.as_mut().unwrap().head_dim = 63),
            ("tokens.end", |m| m.tokens.end = vec![]),
            ("tokens.end", |m| m.tokens.end = vec![2, 49_152]),
            ("tokens.begin", |m| m.tokens.begin = Some(49_152)),
            ("provenance.source", |m| m.provenance.source = "folder/model.gguf".into()),
            ("provenance.source_sha256", |m| m.provenance.source_sha256 = "A".repeat(64)),
            ("no tokenizer.json", |m| drop(m.files.remove("tokenizer.json"))),
        ];
        for (field, change) in changes {
            let message = refusal(change);
            assert!(message.contains(field), "{field}: {message}");
        }
    }

    #[test]
    fn a_file_name_never_leaves_the_folder() {
        for name in ["..", ".", "", "a/b", "/etc/passwd", "a\\b", ".hidden", "model.toml", "a\nb"] {
            let message = refusal(|m| {
                let record = FileRecord { bytes: 1, sha256: "0".repeat(64) };
                m.files.insert(name.to_owned(), record);
            });
            assert!(message.contains("files"), "{name:?}: {message}");
        }
    }
}
