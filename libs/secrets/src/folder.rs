//! Secrets as files, as Kubernetes mounts them.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    fs::{File, metadata},
    io::AsyncReadExt,
    time::timeout,
};

use crate::{Keeper, Secret, SecretsError, keeper::LARGEST};

/// A mount that does not answer is away.
const READ_WITHIN: Duration = Duration::from_secs(3);

/// A folder whose files are secrets, by their names. Links are followed, as mounts are made of them.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The secrets in this folder, which has to be there.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SecretsError> {
        let path = path.into();
        match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => Ok(Self { path }),
            Ok(_) => Err(folder(path, ErrorKind::NotADirectory.into())),
            Err(source) => Err(folder(path, source)),
        }
    }

    /// Read anew each time: a mount is changed by putting another folder in its place.
    async fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.path.join(name);
        let reading = async {
            // A pipe would be waited for without end.
            if !metadata(&path).await?.is_file() {
                return Err(ErrorKind::IsADirectory.into());
            }
            let mut bytes = Vec::new();
            File::open(&path).await?.take(LARGEST as u64 + 1).read_to_end(&mut bytes).await?;
            Ok(bytes)
        };
        timeout(READ_WITHIN, reading).await.unwrap_or_else(|_late| Err(ErrorKind::TimedOut.into()))
    }
}

#[async_trait]
impl Keeper for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    async fn fetch(&self, name: &str) -> Result<Secret, SecretsError> {
        // A name is never absolute and has no dots that lead out: `Reference` sees to it.
        let bytes = self.read(name).await.map_err(|source| match source.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory if self.path.is_dir() => {
                SecretsError::missing(name)
            }
            ErrorKind::IsADirectory | ErrorKind::InvalidFilename => SecretsError::missing(name),
            ErrorKind::PermissionDenied => {
                SecretsError::Unusable { name: name.to_owned(), problem: "may not be read" }
            }
            _ => SecretsError::away("the folder of secrets", source),
        })?;
        if bytes.len() > LARGEST {
            return Err(SecretsError::Unusable { name: name.to_owned(), problem: "is larger than 64 KiB" });
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(SecretsError::Unusable { name: name.to_owned(), problem: "is not text" });
        };
        Ok(Secret::new(text))
    }
}

fn folder(path: PathBuf, source: io::Error) -> SecretsError {
    SecretsError::Folder { path, source: source.into() }
}
