//! Which key is what.

use objects::Key;
use uuid::Uuid;

use crate::{ArtifactName, ArtifactsError};

/// The header of a job whose artifacts anybody may read; its word is `true`.
pub const PUBLISHED_HEADER: &str = "published";

/// The key of an artifact of one run.
pub fn artifact_key(job: &str, fence: u64, name: &ArtifactName) -> Result<Key, ArtifactsError> {
    Ok(Key::new(format!("generated/{}/{fence}/{name}", part("job", job)?))?)
}

/// The key of a job's manifest.
pub(crate) fn manifest_key(job: &str) -> Result<Key, ArtifactsError> {
    Ok(Key::new(format!("generated/{}/manifest.json", part("job", job)?))?)
}

/// The key of a request that is too large for the queue.
pub fn payload_key(id: Uuid) -> Result<Key, ArtifactsError> {
    Ok(Key::new(format!("payloads/{}", id.simple()))?)
}

/// How the keys begin under which a job's runs keep things for each other.
pub fn scratch_prefix(job: &str) -> Result<String, ArtifactsError> {
    Ok(format!("scratch/{}/", part("job", job)?))
}

/// A job's input, named as callers name it: `uploads/{upload}`. It belongs to whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload(Uuid);

impl Upload {
    /// A new one.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads `uploads/{upload}`; `field` is what an error calls it.
    pub fn parse(field: &str, name: &str) -> Result<Self, ArtifactsError> {
        let id = name.strip_prefix("uploads/").and_then(Self::id);
        id.ok_or_else(|| {
            ArtifactsError::invalid(field, "expected `uploads/{upload}` as CreateUploadUrl names it")
        })
    }

    /// Reads what stands behind `uploads/`.
    pub fn id(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().filter(|id| id.simple().to_string() == text).map(Self)
    }

    /// The name as callers give it.
    pub fn name(&self) -> String {
        format!("uploads/{}", self.0.simple())
    }

    /// The key of the upload of this owner. Those of two owners never meet, whatever ids they guess.
    pub fn key(&self, owner: &str) -> Result<Key, ArtifactsError> {
        Ok(Key::new(format!("uploads/{}/{}", part("owner", owner)?, self.0.simple()))?)
    }
}

/// A segment of a key that cannot lead elsewhere.
fn part<'a>(field: &str, text: &'a str) -> Result<&'a str, ArtifactsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    if !text.is_empty() && !text.starts_with('.') && text.len() <= 256 && text.chars().all(allowed) {
        return Ok(text);
    }
    Err(ArtifactsError::invalid(field, "expected letters, digits and -_.:@, not beginning with a dot"))
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::{Upload, artifact_key, manifest_key, scratch_prefix};
    use crate::ArtifactName;

    #[test]
    fn each_run_has_its_own_place() {
        let name = ArtifactName::new("text.txt").unwrap();
        assert_eq!(artifact_key("0a", 7, &name).unwrap().as_str(), "generated/0a/7/text.txt");
        assert_eq!(manifest_key("0a").unwrap().as_str(), "generated/0a/manifest.json");
        assert_eq!(scratch_prefix("0a").unwrap(), "scratch/0a/");
    }

    #[test]
    fn nothing_leads_out_of_its_place() {
        for job in ["", "..", "a/b", ".a", "a b", "a\0"] {
            assert_eq!(manifest_key(job).unwrap_err().violations()[0].field, "job", "{job:?}");
        }
        assert!(Upload::random().key("../other").is_err());
    }

    #[test]
    fn an_upload_is_read_as_it_is_named() {
        let upload = Upload::random();
        assert_eq!(Upload::parse("input", &upload.name()).unwrap(), upload);
        for wrong in ["", "uploads/", "uploads/../x", "uploads/A", "generated/x", "uploads/{0}"] {
            assert_eq!(Upload::parse("input", wrong).unwrap_err().violations()[0].field, "input", "{wrong}");
        }
    }
}
