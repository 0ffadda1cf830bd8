//! How an artifact is named on the command line.

/// The job and the artifact in `JOB/NAME`, in a resource name or in the path of a URL.
pub(super) fn parse(text: &str) -> Result<(String, String), String> {
    let plain = text.trim_start_matches('/');
    let plain = plain.strip_prefix("generated/").or_else(|| plain.strip_prefix("jobs/")).unwrap_or(plain);
    let mut parts = plain.split('/').filter(|part| *part != "artifacts");
    match (parts.next(), parts.next(), parts.next()) {
        (Some(job), Some(name), None) if !job.is_empty() && !name.is_empty() => {
            Ok((job.to_owned(), name.to_owned()))
        }
        _ => Err("expected JOB/NAME, such as /generated/0a…/text.txt".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_way_to_name_one_is_understood() {
        for text in ["0a/text.txt", "/generated/0a/text.txt", "jobs/0a/artifacts/text.txt"] {
            assert_eq!(parse(text).unwrap(), ("0a".to_owned(), "text.txt".to_owned()), "{text}");
        }
        for wrong in ["", "0a", "0a/", "/generated/0a", "0a/b/c"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
