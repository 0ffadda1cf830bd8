//! The message that a user gives as JSON.

use std::{fs, io::Read};

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use fault::Fault;
use transcoding::{Rpc, TranscodingError};

use super::find::name;

/// More than any server takes.
const LARGEST: u64 = 64 << 20;

/// The message, from JSON on the command line, in a file or on standard input. What is wrong with it is said before
/// anything is sent.
pub(super) fn message(rpc: &Rpc, given: Option<&str>) -> anyhow::Result<Bytes> {
    ensure!(
        !rpc.takes_stream(),
        "{} takes a stream of messages, which this command does not send",
        name(rpc)
    );
    let json = match given {
        None => Vec::new(),
        Some("-") => read(std::io::stdin()).context("reading standard input")?,
        Some(text) => match text.strip_prefix('@') {
            Some(path) => {
                let file = fs::File::open(path);
                file.and_then(read).with_context(|| format!("reading {path}"))?
            }
            None => text.as_bytes().to_vec(),
        },
    };
    rpc.encode(json.trim_ascii()).map(Bytes::from).map_err(|error| refused(rpc, &error))
}

fn read(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is wrong, a line for each field.
fn refused(rpc: &Rpc, error: &TranscodingError) -> anyhow::Error {
    let mut lines = vec!["nothing was sent:".to_owned()];
    match error {
        TranscodingError::Json { problem } => lines.push(format!("the request is not JSON: {problem}")),
        TranscodingError::BodyTooLarge { limit } => {
            lines.push(format!("the request is larger than {limit} bytes"));
        }
        other if other.violations().is_empty() => lines.push(other.to_string()),
        other => lines.extend(other.violations().iter().map(ToString::to_string)),
    }
    lines.push(format!("`ondol call {} --describe` shows what it takes", name(rpc)));
    anyhow!(lines.join("\n  "))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use transcoding::{Rpc, Scope, Transcoder};

    use super::message;

    fn get_job() -> Rpc {
        let contract = Transcoder::new(proto::DESCRIPTORS, &Scope::default()).unwrap();
        contract.rpc("ondol.jobs.v1.JobService/GetJob").unwrap()
    }

    #[test]
    fn json_comes_from_the_line_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        fs::write(&path, "{\"name\": \"jobs/a\"}\n").unwrap();
        let at = format!("@{}", path.display());
        for given in ["{\"name\": \"jobs/a\"}", &at] {
            assert_eq!(message(&get_job(), Some(given)).unwrap(), &b"\x0a\x06jobs/a"[..]);
        }
        for nothing in [None, Some(""), Some("{}"), Some(" ")] {
            assert!(message(&get_job(), nothing).unwrap().is_empty());
        }
        let missing = message(&get_job(), Some("@/nowhere/at/all")).unwrap_err();
        assert!(format!("{missing:#}").contains("reading /nowhere/at/all: No such file"), "{missing:#}");
    }

    #[test]
    fn whatever_is_wrong_is_told_with_what_to_do() {
        for (given, word) in [
            ("{\"nam\": 1, \"name\": 2}", "\n  nam: ondol.jobs.v1.GetJobRequest has no such field\n  name: "),
            ("{name: 1}", "\n  the request is not JSON: "),
            ("[]", "\n  (body): "),
        ] {
            let told = message(&get_job(), Some(given)).unwrap_err().to_string();
            assert!(told.starts_with("nothing was sent:") && told.contains(word), "{told}");
            assert!(
                told.ends_with("`ondol call ondol.jobs.v1.JobService/GetJob --describe` shows what it takes")
            );
        }
    }
}
