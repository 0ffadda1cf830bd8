//! The message that a user gives as JSON.

use std::{fs, io::Read};

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use fault::Fault;
use transcoding::{Rpc, TranscodingError};

use super::find::name;

/// The message, from JSON of at most so many bytes on the command line, in a file or on standard input. What is wrong
/// with it is said before anything is sent.
pub(super) fn message(rpc: &Rpc, given: Option<&str>, most: usize) -> anyhow::Result<Bytes> {
    ensure!(
        !rpc.takes_stream(),
        "{} takes a stream of messages, which this command does not send",
        name(rpc)
    );
    let json = match given {
        None => Vec::new(),
        Some("-") => read(std::io::stdin(), most).context("reading standard input")?,
        Some(text) => match text.strip_prefix('@') {
            Some(path) => {
                let file = fs::File::open(path);
                file.and_then(|file| read(file, most)).with_context(|| format!("reading {path}"))?
            }
            None => text.as_bytes().to_vec(),
        },
    };
    // Of what was cut off the end is not known.
    let json = if json.len() > most { &json[..] } else { json.trim_ascii() };
    rpc.encode(json).map(Bytes::from).map_err(|error| refused(rpc, &error))
}

/// What is beyond the bound is not read, but for the byte that shows it.
fn read(source: impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take((most as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is wrong, a line for each field.
fn refused(rpc: &Rpc, error: &TranscodingError) -> anyhow::Error {
    let mut lines = vec!["nothing was sent:".to_owned()];
    match error {
        TranscodingError::Json { problem } => lines.push(format!("the request is not JSON: {problem}")),
        TranscodingError::BodyTooLarge { limit } => {
            lines.push(format!(
                "the request is larger than {limit} bytes: --max-message-bytes lets a larger one go"
            ));
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

    use transcoding::{Limits, Rpc, Scope, Transcoder};

    use super::message;

    const MOST: usize = 100;

    fn get_job() -> Rpc {
        let scope = Scope { limits: Limits { body_bytes: MOST, ..Limits::default() }, ..Scope::default() };
        let contract = Transcoder::new(proto::DESCRIPTORS, &scope).unwrap();
        contract.rpc("ondol.jobs.v1.JobService/GetJob").unwrap()
    }

    #[test]
    fn json_comes_from_the_line_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        fs::write(&path, "{\"name\": \"jobs/a\"}\n").unwrap();
        let at = format!("@{}", path.display());
        for given in ["{\"name\": \"jobs/a\"}", &at] {
            assert_eq!(message(&get_job(), Some(given), MOST).unwrap(), &b"\x0a\x06jobs/a"[..]);
        }
        for nothing in [None, Some(""), Some("{}"), Some(" ")] {
            assert!(message(&get_job(), nothing, MOST).unwrap().is_empty());
        }
        let missing = message(&get_job(), Some("@/nowhere/at/all"), MOST).unwrap_err();
        assert!(format!("{missing:#}").contains("reading /nowhere/at/all: No such file"), "{missing:#}");
    }

    #[test]
    fn whatever_is_wrong_is_told_with_what_to_do() {
        for (given, word) in [
            ("{\"nam\": 1, \"name\": 2}", "\n  nam: ondol.jobs.v1.GetJobRequest has no such field\n  name: "),
            ("{name: 1}", "\n  the request is not JSON: "),
            ("[]", "\n  (body): "),
        ] {
            let told = message(&get_job(), Some(given), MOST).unwrap_err().to_string();
            assert!(told.starts_with("nothing was sent:") && told.contains(word), "{told}");
            assert!(
                told.ends_with("`ondol call ondol.jobs.v1.JobService/GetJob --describe` shows what it takes")
            );
        }
    }

    #[test]
    fn what_is_too_large_is_told_with_the_flag_and_read_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        let json = |length: usize| format!("{{\"name\": \"jobs/{}\"}}", "a".repeat(length));
        let around = json(0).len();
        fs::write(&path, json(MOST - around)).unwrap();
        let at = format!("@{}", path.display());
        message(&get_job(), Some(&at), MOST).unwrap();
        for length in [MOST - around + 1, 10 * MOST] {
            fs::write(&path, json(length)).unwrap();
            let told = message(&get_job(), Some(&at), MOST).unwrap_err().to_string();
            assert!(told.contains("larger than 100 bytes: --max-message-bytes"), "{told}");
        }
        assert_eq!(super::read(std::io::repeat(b' '), MOST).unwrap().len(), MOST + 1);
    }
}
