//! The files that rules look at.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Why the repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// git is missing, or this is no git repository.
    #[error("`git ls-files` failed in {root}: {said}; the rules are checked on a git checkout")]
    Git {
        /// Where it ran.
        root: PathBuf,
        /// What it said.
        said: String,
    },
    /// A file that git lists cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Every file of the repository that is text, and the path of every file.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    files: Vec<File>,
    paths: BTreeSet<String>,
}

/// A text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the root, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Repository {
    /// The repository this crate was compiled in: what git tracks, and what it would track after `git add`.
    pub fn open() -> Result<Self, RepositoryError> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut repository = Self::default();
        for path in list(&root)? {
            let full = root.join(&path);
            // A link points at a file that is listed itself, or at nothing of ours; a deleted file is on its way out.
            if !fs::symlink_metadata(&full).is_ok_and(|found| found.is_file()) {
                continue;
            }
            let bytes = fs::read(&full).map_err(|source| RepositoryError::Read { path: full, source })?;
            if let Ok(text) = String::from_utf8(bytes) {
                repository.files.push(File { path: path.clone(), text });
            }
            repository.paths.insert(path);
        }
        Ok(repository)
    }

    /// A repository of these files, for examples.
    pub fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let file = |(path, text): (&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
        let files: Vec<_> = files.map(file).into();
        let paths = files.iter().map(|file| file.path.clone()).collect();
        Self { files, paths }
    }

    /// All text files, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The text files of this extension, given without its dot.
    pub fn with_extension(&self, extension: &str) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(move |file| Path::new(&file.path).extension().is_some_and(|found| found == extension))
    }

    /// One text file.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or a folder of this path exists.
    pub fn contains(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        path.is_empty()
            || self.paths.contains(path)
            || self.paths.range(inside.clone()..).next().is_some_and(|next| next.starts_with(&inside))
    }
}

fn list(root: &Path) -> Result<Vec<String>, RepositoryError> {
    let refused = |said: String| RepositoryError::Git { root: root.to_owned(), said };
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| refused(error.to_string()))?;
    if !output.status.success() {
        return Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<_> = text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    paths.sort_unstable();
    Ok(paths)
}
