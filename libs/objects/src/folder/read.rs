//! Files read as objects.

use std::{
    fs::{self, File, Metadata},
    io::{self, Seek, SeekFrom},
    time::UNIX_EPOCH,
};

use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::{
    about::{About, foreign_etag, name},
    layout::Layout,
    place::Place,
};
use crate::{
    ETag, GetOptions, Key, Object, ObjectInfo, ObjectsError,
    checksum::Expected,
    intact::{Promise, intact},
};

/// Bytes that are read at once.
const CHUNK: usize = 128 * 1024;
/// How often a file is looked at again that is replaced again and again.
const ATTEMPTS: usize = 100;

/// An open file and what is known about that very file.
pub(super) struct Found {
    file: File,
    metadata: Metadata,
    about: Option<About>,
}

/// Opens an object.
pub(super) fn find(layout: &Layout, key: &Key) -> Result<Found, ObjectsError> {
    let place = layout.body(key)?;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ObjectsError::NotFound { key: key.clone() },
        _ => layout.error("open", &place, error),
    };
    let mut attempt = 1;
    loop {
        let file = Place::find(layout.root(), key.as_str()).and_then(|place| place.open()).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(ObjectsError::NotFound { key: key.clone() });
        }
        let about = About::read(layout, key, &metadata)?;
        // Nothing is known: this file came by other ways, unless it was replaced while we looked.
        let replaced = || fs::symlink_metadata(&place).map(|now| name(&now)).ok() != Some(name(&metadata));
        if about.is_some() || attempt == ATTEMPTS || !replaced() {
            return Ok(Found { file, metadata, about });
        }
        attempt += 1;
    }
}

/// Opens an object to read it.
pub(super) fn open(layout: &Layout, key: Key, options: &GetOptions) -> Result<Object, ObjectsError> {
    let mut found = find(layout, &key)?;
    let info = found.info(key.clone());
    if options.if_match.as_ref().is_some_and(|wanted| *wanted != info.etag) {
        return Err(ObjectsError::Conflict { key });
    }
    if options.if_none_match.as_ref() == Some(&info.etag) {
        return Err(ObjectsError::NotModified { etag: info.etag });
    }
    let range = match options.range {
        None => 0..info.size,
        Some(range) => {
            range.within(info.size).ok_or(ObjectsError::RangeNotSatisfiable { size: info.size })?
        }
    };
    let path = layout.body(&key)?;
    found.file.seek(SeekFrom::Start(range.start)).map_err(|error| layout.error("read", &path, error))?;
    let left = range.end - range.start;
    let whole = left == info.size;
    let checksum = found.about.filter(|_| whole).and_then(|about| about.checksum()).map(Expected::crc64);
    let file = tokio::fs::File::from_std(found.file).take(left);
    let body = ReaderStream::with_capacity(file, CHUNK);
    let body = body.map_err(move |source| ObjectsError::File { doing: "read", path: path.clone(), source });
    Ok(Object::new(info, range, intact(body.boxed(), Promise { key, left, checksum })))
}

impl Found {
    pub(super) fn etag(&self) -> ETag {
        self.about
            .as_ref()
            .map_or_else(|| foreign_etag(&self.metadata), |about| ETag::new(about.etag.clone()))
    }

    pub(super) fn info(&self, key: Key) -> ObjectInfo {
        ObjectInfo {
            key,
            size: self.metadata.len(),
            etag: self.etag(),
            modified: self.metadata.modified().unwrap_or(UNIX_EPOCH),
            attributes: self.about.as_ref().map(|about| about.attributes.clone()).unwrap_or_default(),
            version: None,
        }
    }
}
