//! Resource names.

use artifacts::ArtifactName;
use contract::Invalid;
use jobs::JobId;

/// Takes the id out of `jobs/{job}`; `field` is what an error calls it.
pub(crate) fn job_name(field: &str, name: &str) -> Result<JobId, Invalid> {
    let id = name.strip_prefix("jobs/").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Invalid::field(field, "must be `jobs/{job}`, as CreateJob names it"))
}

/// Takes both out of `jobs/{job}/artifacts/{artifact}`.
pub(crate) fn artifact_name(name: &str) -> Result<(JobId, ArtifactName), Invalid> {
    let parts = name
        .split_once("/artifacts/")
        .and_then(|(job, artifact)| Some((job_name("name", job).ok()?, ArtifactName::new(artifact).ok()?)));
    parts.ok_or_else(|| {
        Invalid::field("name", "must be `jobs/{job}/artifacts/{artifact}`, as ListArtifacts names it")
    })
}

#[cfg(test)]
mod tests {
    use super::{artifact_name, job_name};

    #[test]
    fn only_whole_names_are_taken() {
        let job = "0".repeat(34);
        assert_eq!(job_name("name", &format!("jobs/{job}")).unwrap().to_string(), job);
        for wrong in ["", "jobs/", &job, "jobs/../x", &format!("jobs/{job}/")] {
            assert!(job_name("name", wrong).is_err(), "{wrong}");
        }
        let (id, name) = artifact_name(&format!("jobs/{job}/artifacts/text.txt")).unwrap();
        assert_eq!((id.to_string(), name.as_str()), (job.clone(), "text.txt"));
        for wrong in ["artifacts/", "artifacts/..", "artifacts/a/b", "x"] {
            assert!(artifact_name(&format!("jobs/{job}/{wrong}")).is_err(), "{wrong}");
        }
    }
}
