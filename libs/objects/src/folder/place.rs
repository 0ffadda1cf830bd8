//! Steps into the folder, none of which follows a symbolic link: whoever names keys would be led to wherever a link
//! points, out of the folder too. The folder itself may be a link; where it is, is said by its operators.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, linkat, mkdirat, open, openat},
    fs::{renameat, renameat_with, statat, unlinkat},
    io::Errno,
};

/// The folder of a key and the key's name in it.
pub(super) struct Place<'a> {
    folder: OwnedFd,
    name: &'a str,
}

/// Opens a folder, given as the empty text or with a slash at the end.
pub(super) fn enter(root: &Path, folder: &str) -> io::Result<OwnedFd> {
    walk(root, folder, |above, name| Ok(openat(above, name, FOLDER, Mode::empty())?))
}

impl<'a> Place<'a> {
    /// Where a key is, if its folder is there.
    pub(super) fn find(root: &Path, key: &'a str) -> io::Result<Self> {
        let (folder, name) = split(key);
        Ok(Self { folder: enter(root, folder)?, name })
    }

    /// The same, and makes the folders that are missing.
    pub(super) fn make(root: &Path, key: &'a str) -> io::Result<Self> {
        let (folder, name) = split(key);
        let folder =
            walk(root, folder, |above, name| match mkdirat(above, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => Ok(openat(above, name, FOLDER, Mode::empty())?),
                Err(error) => Err(error.into()),
            })?;
        Ok(Self { folder, name })
    }

    /// Opens what is there. A pipe without a writer is opened at once too, rather than waited for.
    pub(super) fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match openat(&self.folder, self.name, flags, Mode::empty()) {
            Ok(file) => Ok(file.into()),
            // A link, and a socket.
            Err(Errno::LOOP | Errno::NXIO) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is there, if anything is.
    pub(super) fn kind(&self) -> io::Result<Option<FileType>> {
        kind_of(&self.folder, self.name)
    }

    /// Moves a file to this place, instead of the one that is there or only if there is none.
    pub(super) fn take(&self, file: &Path, only_if_absent: bool) -> io::Result<()> {
        if !only_if_absent {
            return Ok(renameat(CWD, file, &self.folder, self.name)?);
        }
        match renameat_with(CWD, file, &self.folder, self.name, RenameFlags::NOREPLACE) {
            // Some file systems cannot; a second name is refused like a move where there is one already.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                linkat(CWD, file, &self.folder, self.name, AtFlags::empty())?;
                Ok(std::fs::remove_file(file)?)
            }
            done => Ok(done?),
        }
    }

    /// Removes the file that is there.
    pub(super) fn remove(&self) -> io::Result<()> {
        Ok(unlinkat(&self.folder, self.name, AtFlags::empty())?)
    }

    /// Makes the names in the folder survive a crash of the machine.
    pub(super) fn sync(self) -> io::Result<()> {
        File::from(self.folder).sync_all()
    }
}

/// What a name in a folder is, if it is there.
pub(super) fn kind_of(folder: impl AsFd, name: &str) -> io::Result<Option<FileType>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(FileType::from_raw_mode(found.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn walk(
    root: &Path,
    folder: &str,
    step: impl Fn(&OwnedFd, &str) -> io::Result<OwnedFd>,
) -> io::Result<OwnedFd> {
    let root = open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    folder.split_terminator('/').try_fold(root, |above, name| step(&above, name))
}

fn split(key: &str) -> (&str, &str) {
    key.rfind('/').map_or(("", key), |slash| (&key[..=slash], &key[slash + 1..]))
}
