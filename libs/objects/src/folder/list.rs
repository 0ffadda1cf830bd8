//! Folders read as one sorted list of keys.

use std::{io, os::fd::OwnedFd};

use rustix::fs::{Dir, FileType};

use super::{
    layout::{Layout, OWN},
    place, read,
};
use crate::{Key, ListOptions, Listed, ObjectsError, Page};

/// One page. It holds the names of one folder on each level at a time, never the whole tree.
pub(super) fn list(layout: &Layout, options: &ListOptions) -> Result<Page<Listed>, ObjectsError> {
    let size = options.check()?;
    let after = options.page_token.as_deref().map(decode).transpose()?.unwrap_or_default();
    let start = options.prefix.rfind('/').map_or("", |slash| &options.prefix[..=slash]);
    let mut walk = Walk { layout, options, after, limit: size + 1, found: Vec::new() };
    walk.visit(start)?;
    let mut found = walk.found;
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(hex::encode);
    let (folders, keys): (Vec<_>, Vec<_>) = found.into_iter().partition(|path| path.ends_with('/'));
    let items = keys.into_iter().filter_map(|path| entry(layout, path).transpose());
    Ok(Page { items: items.collect::<Result<_, _>>()?, folders, next })
}

/// Goes through folders in the order of the keys in them.
struct Walk<'a> {
    layout: &'a Layout,
    options: &'a ListOptions,
    /// Everything up to here was told before.
    after: String,
    limit: usize,
    /// Keys, and folders ending in a slash.
    found: Vec<String>,
}

impl Walk<'_> {
    /// Notes what is in a folder, given as the empty text or with a slash at the end.
    fn visit(&mut self, folder: &str) -> Result<(), ObjectsError> {
        for name in self.names(folder)? {
            if self.found.len() == self.limit {
                break;
            }
            let path = format!("{folder}{name}");
            if !path.starts_with(&self.options.prefix) || self.was_told(&path) {
                continue;
            }
            if !path.ends_with('/') {
                self.found.push(path);
            } else if !self.options.by_folder {
                self.visit(&path)?;
            } else if self.has_objects(&path)? {
                self.found.push(path);
            }
        }
        Ok(())
    }

    fn was_told(&self, path: &str) -> bool {
        let goes_on_inside = path.ends_with('/') && !self.options.by_folder && self.after.starts_with(path);
        path <= self.after.as_str() && !goes_on_inside
    }

    fn has_objects(&self, folder: &str) -> Result<bool, ObjectsError> {
        for name in self.names(folder)? {
            if !name.ends_with('/') || self.has_objects(&format!("{folder}{name}"))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The names in a folder that can be parts of keys; folders with their slash, which puts them where their keys
    /// belong: `a.txt` before `a/b`, as a dot comes before a slash.
    fn names(&self, folder: &str) -> Result<Vec<String>, ObjectsError> {
        if folder.split('/').next() == Some(OWN) {
            return Ok(Vec::new());
        }
        let root = self.layout.root();
        let mut names = match place::enter(root, folder).and_then(|inside| names_in(&inside)) {
            Ok(names) => names,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(self.layout.error("read the folder", &root.join(folder), error)),
        };
        names.retain(|name| !(folder.is_empty() && name.strip_suffix('/') == Some(OWN)));
        names.sort_unstable();
        Ok(names)
    }
}

/// Links, pipes and the like are no objects, and neither is what no key can name.
fn names_in(folder: &OwnedFd) -> io::Result<Vec<String>> {
    let entries = Dir::read_from(folder)?.map(|entry| {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { return Ok(None) };
        if Key::new(name).is_err() {
            return Ok(None);
        }
        let kind = match entry.file_type() {
            // Some file systems do not say so here.
            FileType::Unknown => place::kind_of(folder, name)?,
            known => Some(known),
        };
        Ok(match kind {
            Some(FileType::Directory) => Some(format!("{name}/")),
            Some(FileType::RegularFile) => Some(name.to_owned()),
            _ => None,
        })
    });
    entries.filter_map(Result::transpose).collect()
}

/// `None` for what was deleted since.
fn entry(layout: &Layout, path: String) -> Result<Option<Listed>, ObjectsError> {
    let Ok(key) = Key::new(path) else { return Ok(None) };
    match read::find(layout, &key) {
        Ok(found) => {
            let info = found.info(key);
            let (key, size, modified) = (info.key, info.size, info.modified);
            Ok(Some(Listed { key, size, etag: Some(info.etag), modified }))
        }
        Err(ObjectsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn decode(token: &str) -> Result<String, ObjectsError> {
    let text = hex::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| ObjectsError::invalid("page_token", "expected `next` of the page before"))
}
