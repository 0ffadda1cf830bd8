//! The moment in which an object appears, changes or goes.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::SystemTime,
};

use rustix::fs::FileType;
use tempfile::TempPath;

use super::{
    about::{About, forget_others},
    layout::Layout,
    place::Place,
    read,
};
use crate::{Condition, Key, ObjectsError};

/// How often a folder is made again that others keep removing because it is empty.
const ATTEMPTS: usize = 100;

/// Makes a finished file the object of its key, if the condition holds.
pub(super) fn publish(
    layout: &Layout,
    key: &Key,
    (file, path): (&File, TempPath),
    about: &About,
    condition: &Condition,
) -> Result<(), ObjectsError> {
    let place = layout.body(key)?;
    let failed = |error| layout.error("write", &place, error);
    let _others_wait = layout.lock(key)?;
    check(layout, key, condition)?;
    // Under the lock, so that no two contents of a key have the same time.
    file.set_modified(SystemTime::now()).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    about.write(layout, key, &metadata)?;
    // The lock keeps out writers of this store; that nothing is overwritten holds against everyone.
    match put_in_place(layout.root(), key, path, *condition == Condition::IfAbsent) {
        Ok(there) => {
            forget_others(layout, key, Some(&metadata));
            there.sync().map_err(failed)
        }
        Err(error) => {
            let now = fs::symlink_metadata(&place).ok();
            forget_others(layout, key, now.as_ref());
            Err(refusal(layout, key, &place, error))
        }
    }
}

/// Removes an object; one that is not there is removed already.
pub(super) fn remove(layout: &Layout, key: &Key) -> Result<(), ObjectsError> {
    let place = layout.body(key)?;
    let _others_wait = layout.lock(key)?;
    match remove_file(layout.root(), key) {
        Ok(true) => {}
        Ok(false) => return Ok(()),
        Err(error) if is_absence(&error) => return Ok(()),
        Err(error) => return Err(layout.error("delete", &place, error)),
    }
    forget_others(layout, key, None);
    // A folder has no meaning of its own; the first that is not empty ends it.
    let above = place.ancestors().skip(1).take_while(|folder| *folder != layout.root());
    above.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
    Ok(())
}

fn check(layout: &Layout, key: &Key, condition: &Condition) -> Result<(), ObjectsError> {
    let Condition::IfMatch(wanted) = condition else { return Ok(()) };
    match read::find(layout, key) {
        Ok(found) if found.etag() == *wanted => Ok(()),
        Ok(_) | Err(ObjectsError::NotFound { .. }) => Err(ObjectsError::Conflict { key: key.clone() }),
        Err(error) => Err(error),
    }
}

fn put_in_place<'a>(
    root: &Path,
    key: &'a Key,
    path: TempPath,
    only_if_absent: bool,
) -> io::Result<Place<'a>> {
    let mut attempt = 1;
    loop {
        let place = Place::make(root, key.as_str())?;
        if place.kind()?.is_some_and(|kind| !matches!(kind, FileType::RegularFile | FileType::Directory)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        match place.take(&path, only_if_absent) {
            // The folder was removed as empty just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
            // Its old name is gone with the move.
            Ok(()) => return path.keep().map(|_| place).map_err(|error| error.error),
        }
    }
}

/// Whether there was a file to remove.
fn remove_file(root: &Path, key: &Key) -> io::Result<bool> {
    let place = Place::find(root, key.as_str())?;
    let is_file = place.kind()? == Some(FileType::RegularFile);
    if is_file {
        place.remove()?;
    }
    Ok(is_file)
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn refusal(layout: &Layout, key: &Key, place: &Path, error: io::Error) -> ObjectsError {
    let now = fs::symlink_metadata(place).ok();
    let (is_folder, is_file) = now.map_or((false, false), |now| (now.is_dir(), now.is_file()));
    match error.kind() {
        io::ErrorKind::AlreadyExists if is_file => ObjectsError::AlreadyExists { key: key.clone() },
        io::ErrorKind::InvalidInput => {
            ObjectsError::invalid("key", "its place is taken by a link, or by another thing that is no file")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists if !is_folder => ObjectsError::invalid(
            "key",
            "a part of it is an object or a link, and only a folder can hold objects",
        ),
        _ if is_folder => {
            ObjectsError::invalid("key", "there are objects below it, and a folder cannot hold both")
        }
        _ => layout.error("write", place, error),
    }
}
