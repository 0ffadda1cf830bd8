//! Files that operators write, and errors that say which.

use std::{
    borrow::Cow,
    error::Error,
    fmt, fs,
    io::{self, ErrorKind, Read},
    path::Path,
    sync::Arc,
};

use crate::Flaw;

/// The most that is read of one, in bytes.
const LARGEST: u64 = 1 << 20;

/// A file, and the flag that names it. Shown as both, such as `--limits-file limits.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile<'a> {
    flag: Cow<'a, str>,
    path: &'a Path,
}

impl<'a> SettingsFile<'a> {
    /// The file at `path`, which was given by `flag`; by none where that is empty.
    pub fn new(flag: impl Into<Cow<'a, str>>, path: &'a Path) -> Self {
        Self { flag: flag.into(), path }
    }

    /// Where it is.
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// Its bytes, at most 1 MiB.
    pub fn bytes(&self) -> Result<Vec<u8>, FileError> {
        bytes_of(self.path).map_err(|error| self.unread(error))
    }

    /// The same of one that is text.
    pub fn text(&self) -> Result<String, FileError> {
        String::from_utf8(self.bytes()?).map_err(|error| {
            let sound = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..sound].split(|byte| *byte == b'\n').count();
            self.wrong(Flaw::new("", "not UTF-8").at_line(Some(line)))
        })
    }

    /// The bytes of one in PEM that holds such a thing, known by the end of its first line, such as `CERTIFICATE-----`.
    pub fn pem(&self, kind: &str) -> Result<Vec<u8>, FileError> {
        let text = self.text()?;
        if !text.contains(kind) {
            return Err(self.wrong(Flaw::new("", format!("has no `{kind}`: expected a file in PEM"))));
        }
        Ok(text.into_bytes())
    }

    /// The error of something that is wrong in it.
    pub fn wrong(&self, flaw: Flaw) -> FileError {
        FileError { file: self.to_string(), trouble: Trouble::Wrong(flaw) }
    }

    /// The error of a file that cannot be read.
    pub fn unread(&self, error: io::Error) -> FileError {
        FileError { file: self.to_string(), trouble: Trouble::Unread(Arc::new(error)) }
    }
}

impl fmt::Display for SettingsFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.flag.is_empty() {
            write!(f, "{} ", self.flag)?;
        }
        write!(f, "{}", self.path.display())
    }
}

fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Why a file cannot be used. It begins with the flag and the file, as in `--limits-file limits.toml, line 3:
/// keys.concurrency: expected a whole number, 0 or more`.
#[derive(Clone, Debug)]
pub struct FileError {
    file: String,
    trouble: Trouble,
}

#[derive(Clone, Debug)]
enum Trouble {
    /// It cannot be read. The reason is the error's source.
    Unread(Arc<io::Error>),
    /// What stands in it is wrong.
    Wrong(Flaw),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match &self.trouble {
            Trouble::Unread(_) => f.write_str(": cannot be read"),
            Trouble::Wrong(flaw) => {
                if let Some(line) = flaw.line() {
                    write!(f, ", line {line}")?;
                }
                write!(f, ": {}", flaw.told())
            }
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.trouble {
            Trouble::Unread(error) => Some(&**error),
            Trouble::Wrong(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        error::Error,
        fs,
        path::{Path, PathBuf},
    };

    use super::SettingsFile;
    use crate::Flaw;

    /// A file of this test alone.
    fn written(name: &str, bytes: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ondol-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn every_error_begins_with_the_flag_and_the_file() {
        let file = SettingsFile::new("--limits-file", Path::new("limits.toml"));
        let wrong = file
            .wrong(Flaw::new("keys.concurrency", "expected 1 or more").found_in("[keys]\nconcurrency = 0"));
        assert_eq!(
            wrong.to_string(),
            "--limits-file limits.toml, line 2: keys.concurrency: expected 1 or more"
        );
        assert_eq!(file.wrong(Flaw::new("", "empty")).to_string(), "--limits-file limits.toml: empty");
        let plain = SettingsFile::new("", Path::new("tools.toml"));
        assert_eq!(plain.wrong(Flaw::new("a", "odd")).to_string(), "tools.toml: a: odd");
        let missing = SettingsFile::new("--routes", Path::new("/nowhere/at/all")).text().unwrap_err();
        assert_eq!(missing.to_string(), "--routes /nowhere/at/all: cannot be read");
        assert!(missing.source().unwrap().to_string().contains("No such file"));
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line_and_what_is_huge_is_not_read() {
        let sound = written("sound", "a = \"é\"\n".as_bytes());
        assert_eq!(SettingsFile::new("", &sound).text().unwrap(), "a = \"é\"\n");
        let odd = written("odd", b"a = 1\n# \xff\n");
        assert!(
            SettingsFile::new("", &odd).text().unwrap_err().to_string().ends_with("odd, line 2: not UTF-8")
        );
        let huge = written("huge", &vec![b'#'; (1 << 20) + 1]);
        let error = SettingsFile::new("", &huge).text().unwrap_err();
        assert_eq!(error.source().unwrap().to_string(), "larger than 1 MiB");
        let pem = written("pem", b"-----BEGIN CERTIFICATE-----\n");
        assert!(SettingsFile::new("--ca", &pem).pem("CERTIFICATE-----").is_ok());
        let error = SettingsFile::new("--key", &pem).pem("PRIVATE KEY-----").unwrap_err().to_string();
        assert!(error.starts_with("--key ") && error.ends_with("expected a file in PEM"), "{error}");
        for path in [sound, odd, huge, pem] {
            fs::remove_file(path).unwrap();
        }
    }
}
