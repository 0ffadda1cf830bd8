//! The file that is imported, as a whole: its name, its license, its checksum.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::progress::{Meter, Step};
use crate::{
    ModelError,
    gguf::{Gguf, Metadata},
};

/// Opens a plain file and takes its size. Anything else could block for ever or have no end.
pub(super) fn open(path: &Path) -> Result<(File, u64), ModelError> {
    let metadata = path.metadata().map_err(ModelError::io("read", path))?;
    if metadata.is_dir() {
        return Err(ModelError::io("read", path)(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(ModelError::Malformed {
            what: path.display().to_string(),
            found: "a device or a pipe".into(),
            expected: "a file".into(),
        });
    }
    let file = File::open(path).map_err(ModelError::io("read", path))?;
    Ok((file, metadata.len()))
}

/// SHA-256 of the whole file in lower-case hex.
pub(super) fn checksum<R: Read + Seek>(
    gguf: &mut Gguf<R>,
    meter: &mut Meter<'_>,
) -> Result<String, ModelError> {
    let mut hash = Sha256::new();
    gguf.read_through(|piece| {
        hash.update(piece);
        meter.advance(Step::Checksum, piece.len() as u64);
    })?;
    Ok(hex::encode(hash.finalize()))
}

/// A model's name out of its file's: `SmolLM2-135M-Instruct.Q4_1.gguf` is `smollm2-135m-instruct`.
pub(super) fn model_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let base = match stem.rsplit_once(['.', '-']) {
        Some((base, last)) if is_encoding(last) => base,
        _ => &stem,
    };
    base.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

/// Whether a part of a file's name names an encoding, as `q4_1`, `iq3_m` or `bf16`.
fn is_encoding(part: &str) -> bool {
    let digit_follows =
        |prefix| part.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    matches!(part, "f32" | "f16" | "bf16" | "fp16" | "fp32") || digit_follows("q") || digit_follows("iq")
}

/// The file's name as a manifest may hold it.
pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|c| !c.is_control() && *c != '\\').collect();
    match name.trim_start_matches('.') {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}

/// The license that the file names. Some files hold the whole text there; its first line must do.
pub(super) fn license(metadata: &Metadata) -> Result<String, ModelError> {
    const LONGEST: usize = 100;
    let line = metadata.text("general.license")?.and_then(|text| text.lines().next()).map_or("", str::trim);
    Ok(if line.is_empty() { "unknown".to_owned() } else { line.chars().take(LONGEST).collect() })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{file_name, model_name, open};

    #[test]
    fn names_come_without_encoding_and_in_lower_case() {
        for (file, name) in [
            ("a/SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
            ("Llama 3.2-1B-Q8_0.gguf", "llama-3.2-1b"),
            ("tiny-bf16.gguf", "tiny"),
            ("qwen.gguf", "qwen"),
            ("model-v2.gguf", "model-v2"),
        ] {
            assert_eq!(model_name(Path::new(file)), name);
        }
    }

    #[test]
    fn a_hidden_file_keeps_the_rest_of_its_name() {
        assert_eq!(file_name(Path::new("/x/.cache.gguf")), "cache.gguf");
        assert_eq!(file_name(Path::new("/")), "unnamed");
    }

    #[test]
    fn only_plain_files_are_opened() {
        assert!(open(Path::new("/")).unwrap_err().to_string().starts_with("could not read /"));
        if cfg!(unix) {
            assert!(open(Path::new("/dev/zero")).unwrap_err().to_string().contains("a device or a pipe"));
        }
    }
}
