//! The moment in which an object appears, changes or goes.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::SystemTime,
};

use tempfile::TempPath;

use super::{
    about::{About, forget_others},
    layout::Layout,
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
    if let Err(error) = put_in_place(path, &place, *condition == Condition::IfAbsent) {
        let now = fs::metadata(&place).ok();
        forget_others(layout, key, now.as_ref());
        return Err(refusal(layout, key, &place, error));
    }
    forget_others(layout, key, Some(&metadata));
    sync_folder(&place).map_err(failed)
}

/// Removes an object; one that is not there is removed already.
pub(super) fn remove(layout: &Layout, key: &Key) -> Result<(), ObjectsError> {
    let place = layout.body(key)?;
    let _others_wait = layout.lock(key)?;
    if !place.is_file() {
        return Ok(());
    }
    match fs::remove_file(&place) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
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

fn put_in_place(mut path: TempPath, place: &Path, only_if_absent: bool) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    for _ in 1..ATTEMPTS {
        fs::create_dir_all(folder)?;
        let done = if only_if_absent { path.persist_noclobber(place) } else { path.persist(place) };
        match done {
            // The folder was removed as empty just now.
            Err(error) if error.error.kind() == io::ErrorKind::NotFound => path = error.path,
            done => return done.map_err(|error| error.error),
        }
    }
    path.persist(place).map_err(|error| error.error)
}

fn refusal(layout: &Layout, key: &Key, place: &Path, error: io::Error) -> ObjectsError {
    let is_folder = place.is_dir();
    match error.kind() {
        io::ErrorKind::AlreadyExists if place.is_file() => ObjectsError::AlreadyExists { key: key.clone() },
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists if !is_folder => {
            ObjectsError::invalid("key", "a part of it is an object, and a folder cannot hold both")
        }
        _ if is_folder => {
            ObjectsError::invalid("key", "there are objects below it, and a folder cannot hold both")
        }
        _ => layout.error("write", place, error),
    }
}

/// Makes the new name survive a crash of the machine.
fn sync_folder(place: &Path) -> io::Result<()> {
    match place.parent().map(File::open) {
        Some(Ok(folder)) => folder.sync_all(),
        // Somebody deleted the object, and its folder with it.
        Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Some(Err(error)) => Err(error),
        None => Ok(()),
    }
}
