//! What a job's one accepted run made.

use serde::{Deserialize, Serialize};

use crate::{ArtifactName, ArtifactsError};

/// The most artifacts of one job, so that a manifest fits into the queue's record of a result.
const MOST: usize = 12;

/// Which run of a job counts, what it made and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The job.
    pub job: String,
    /// The principal who asked for it.
    pub owner: String,
    /// Whether anybody may read it.
    pub published: bool,
    /// The run that counts.
    pub fence: u64,
    /// What it made, by name.
    pub artifacts: Vec<Artifact>,
}

/// One thing that a job made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its name.
    pub name: ArtifactName,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its entity tag, without quotes.
    pub etag: String,
}

impl Manifest {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactsError> {
        serde_json::from_slice(bytes).map_err(ArtifactsError::Manifest)
    }

    /// The manifest as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactsError> {
        if self.artifacts.len() > MOST {
            return Err(ArtifactsError::invalid("artifacts", format!("expected at most {MOST}")));
        }
        serde_json::to_vec(self).map_err(ArtifactsError::Manifest)
    }

    /// The artifact of this name.
    pub fn artifact(&self, name: &ArtifactName) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.name == *name)
    }

    /// Whether this principal may read it; `None` for somebody without a key.
    pub fn may_be_read_by(&self, principal: Option<&str>) -> bool {
        self.published || principal == Some(self.owner.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Artifact, MOST, Manifest};
    use crate::ArtifactName;

    fn manifest(artifacts: usize) -> Manifest {
        let artifact = |index: usize| Artifact {
            name: ArtifactName::new(format!("{index:0>128}")).unwrap(),
            content_type: "application/octet-stream".into(),
            bytes: u64::MAX,
            etag: "0".repeat(34),
        };
        let artifacts = (0..artifacts).map(artifact).collect();
        Manifest { job: "0".repeat(34), owner: "team-a".into(), published: false, fence: u64::MAX, artifacts }
    }

    #[test]
    fn the_largest_fits_into_a_result_and_is_read_as_it_was_written() {
        let largest = manifest(MOST);
        let bytes = largest.to_bytes().unwrap();
        assert!(bytes.len() <= 4096, "{}", bytes.len());
        assert_eq!(Manifest::from_bytes(&bytes).unwrap(), largest);
        assert!(manifest(MOST + 1).to_bytes().is_err());
        assert!(Manifest::from_bytes(b"{}").is_err());
    }

    #[test]
    fn only_its_owner_reads_it_unless_it_is_published() {
        let mut manifest = manifest(1);
        assert!(manifest.may_be_read_by(Some("team-a")));
        assert!(!manifest.may_be_read_by(Some("team-b")) && !manifest.may_be_read_by(None));
        manifest.published = true;
        assert!(manifest.may_be_read_by(Some("team-b")) && manifest.may_be_read_by(None));
    }
}
