//! The command line argument for routes.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use arguments::{FileError, SettingsFile};
use clap::Args;

/// Where models are run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Routes")]
pub struct RouteArguments {
    /// A TOML file with releases of llm-inference and the routes of models to them; it is read again when it changes
    /// [default: every model is run by the one at --llm-inference-url]
    #[arg(long, env = "ONDOL_ROUTES", value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

/// The file, for errors.
pub(super) fn named(path: &Path) -> SettingsFile<'_> {
    SettingsFile::new("--routes", path)
}

/// All of the file. A pipe is none: it could not be read again.
pub(super) fn text(path: &Path) -> Result<String, FileError> {
    let file = named(path);
    if !fs::metadata(path).map_err(|error| file.unread(error))?.is_file() {
        return Err(file.unread(io::Error::new(ErrorKind::InvalidInput, "expected a regular file")));
    }
    file.text()
}
