//! What is known about a file besides its bytes.

use std::{
    fs::{self, Metadata},
    io::{self, Write},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::{Attributes, ETag, Key, ObjectsError};

/// Written beside a file by this store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// For people who look around.
    pub(super) key: String,
    /// New with every write, so that it also tells a content from the same one written again.
    pub(super) etag: String,
    /// CRC64-NVME of the bytes, in hex.
    crc64nvme: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
}

impl About {
    pub(super) fn new(key: &Key, crc64nvme: &Bytes, attributes: Attributes) -> Self {
        let etag = uuid::Uuid::new_v4().simple().to_string();
        Self { key: key.to_string(), etag, crc64nvme: hex::encode(crc64nvme), attributes }
    }

    pub(super) fn checksum(&self) -> Option<Bytes> {
        hex::decode(&self.crc64nvme).ok().map(Bytes::from)
    }

    /// What is known about this very file; nothing about one that came here by other ways.
    pub(super) fn read(layout: &Layout, key: &Key, file: &Metadata) -> Result<Option<Self>, ObjectsError> {
        let path = layout.about(key).join(name(file));
        match fs::read(&path) {
            // Cut short by a crash of the machine: as good as not there.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(layout.error("read", &path, error)),
        }
    }

    /// Says it about a file that is about to become the object.
    pub(super) fn write(&self, layout: &Layout, key: &Key, file: &Metadata) -> Result<(), ObjectsError> {
        let folder = layout.about(key);
        let path = folder.join(name(file));
        let text = serde_json::to_vec(self).map_err(io::Error::other);
        let write = |text: Vec<u8>| {
            fs::create_dir_all(&folder)?;
            let mut file = layout.create().map_err(io::Error::other)?;
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        };
        text.and_then(write).map(drop).map_err(|error| layout.error("write", &path, error))
    }
}

/// Forgets all contents of a key but that of the file that it has now. Leftovers harm nobody, so no error is told.
pub(super) fn forget_others(layout: &Layout, key: &Key, now: Option<&Metadata>) {
    let folder = layout.about(key);
    let Some(kept) = now.map(name) else {
        drop(fs::remove_dir_all(folder));
        return;
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| !path.ends_with(Path::new(&kept))) {
        drop(fs::remove_file(path));
    }
}

/// What tells a file from those that were at its place before.
pub(super) fn name(file: &Metadata) -> String {
    let modified = file.modified().unwrap_or(UNIX_EPOCH);
    format!("{:x}-{:x}", nanoseconds(modified), file.len())
}

/// The entity tag of a file that this store did not write.
pub(super) fn foreign_etag(file: &Metadata) -> ETag {
    ETag::new(format!("file-{}", name(file)))
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}
