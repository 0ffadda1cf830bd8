//! How jobs, artifacts, keys and uploads are named on the command line: one way for every command.

use std::fmt;

/// An artifact: its job's resource name, and its own within the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArtifactName {
    job: String,
    artifact: String,
}

impl ArtifactName {
    /// `jobs/{job}/artifacts/{artifact}`
    pub(crate) fn resource(&self) -> String {
        format!("{}/artifacts/{}", self.job, self.artifact)
    }

    /// `/generated/{job}/{artifact}`
    pub(crate) fn path(&self) -> String {
        let job = self.job.trim_start_matches(JOBS);
        format!("/generated/{job}/{}", self.artifact)
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource())
    }
}

const JOBS: &str = "jobs/";

/// A job's resource name, `jobs/{job}`, from `JOB`, `jobs/JOB` or `/generated/JOB`; for clap's `value_parser`.
pub(crate) fn job(text: &str) -> Result<String, String> {
    let wrong =
        || format!("expected a job as `ondol jobs list` prints it, such as jobs/0a… or 0a…, got {text:?}");
    let id = below_its_collection(text);
    let id = id.strip_suffix('/').unwrap_or(id);
    if is_part(id) { Ok(format!("{JOBS}{id}")) } else { Err(wrong()) }
}

/// An artifact from `JOB/NAME`, its resource name or the path of its URL; for clap's `value_parser`.
pub(crate) fn artifact(text: &str) -> Result<ArtifactName, String> {
    let parts: Vec<_> = below_its_collection(text).split('/').collect();
    match parts[..] {
        [job, artifact] | [job, "artifacts", artifact] if is_part(job) && is_part(artifact) => {
            Ok(ArtifactName { job: format!("{JOBS}{job}"), artifact: artifact.to_owned() })
        }
        _ => Err(format!("expected JOB/NAME, such as /generated/0a…/text.txt, got {text:?}")),
    }
}

/// A key's resource name, `apiKeys/{api_key}`, from that or from what stands behind the slash; for clap's `value_parser`.
pub(crate) fn key(text: &str) -> Result<String, String> {
    let id = text.strip_prefix("apiKeys/").unwrap_or(text);
    // What somebody wants to end, they may only have by its secret.
    if accounts::Secret::is_one(id.as_bytes()) {
        return Err("this is a secret: expected the key's id, as `ondol keys list` prints it".to_owned());
    }
    if is_part(id) {
        return Ok(format!("apiKeys/{id}"));
    }
    Err(format!("expected a key as `ondol keys list` prints it, such as 0a… or apiKeys/0a…, got {text:?}"))
}

/// An upload, `uploads/{upload}`, from that or from what stands behind the slash; for clap's `value_parser`.
pub(crate) fn upload(text: &str) -> Result<String, String> {
    let id = text.strip_prefix("uploads/").unwrap_or(text);
    if is_part(id) {
        return Ok(format!("uploads/{id}"));
    }
    Err(format!(
        "expected an upload as `ondol jobs submit batch` printed it, such as uploads/0a…, got {text:?}"
    ))
}

fn below_its_collection(text: &str) -> &str {
    let plain = text.strip_prefix('/').unwrap_or(text);
    plain.strip_prefix("generated/").or_else(|| plain.strip_prefix(JOBS)).unwrap_or(plain)
}

/// Whether it can stand between the slashes of a path as it is.
fn is_part(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{artifact, job, key, upload};

    #[test]
    fn every_way_to_name_a_job_is_understood() {
        for text in ["0a", "jobs/0a", "/jobs/0a", "/generated/0a", "generated/0a/"] {
            assert_eq!(job(text).unwrap(), "jobs/0a", "{text}");
        }
        for wrong in ["", "jobs/", "jobs/jobs/0a", "0a/text.txt", "0a b", "..", "0a?x"] {
            assert!(job(wrong).unwrap_err().contains("expected a job"), "{wrong}");
        }
    }

    #[test]
    fn every_way_to_name_an_artifact_is_understood() {
        for text in
            ["0a/text.txt", "/generated/0a/text.txt", "jobs/0a/text.txt", "jobs/0a/artifacts/text.txt"]
        {
            let name = artifact(text).unwrap();
            assert_eq!(name.resource(), "jobs/0a/artifacts/text.txt", "{text}");
            assert_eq!(name.path(), "/generated/0a/text.txt", "{text}");
        }
        for wrong in ["", "0a", "0a/", "/generated/0a", "0a/b/c", "0a/..", "0a/b?c"] {
            assert!(artifact(wrong).unwrap_err().contains("expected JOB/NAME"), "{wrong}");
        }
    }

    #[test]
    fn an_upload_may_go_without_its_collection() {
        for text in ["1b", "uploads/1b"] {
            assert_eq!(upload(text).unwrap(), "uploads/1b");
        }
        for wrong in ["", "uploads/", "a/b", "uploads/../x"] {
            assert!(upload(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_named_by_its_id_and_not_by_its_secret() {
        for text in ["0a", "apiKeys/0a"] {
            assert_eq!(key(text).unwrap(), "apiKeys/0a");
        }
        assert!(key("a/b").unwrap_err().contains("expected a key"));
        let secret = format!("ondol_{}", "a".repeat(64));
        assert!(key(&secret).unwrap_err().contains("this is a secret"));
    }
}
