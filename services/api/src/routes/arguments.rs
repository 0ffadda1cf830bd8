//! The command line argument for routes.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use arguments::text_of;
use clap::Args;

use crate::ApiError;

/// Where models are run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Routes")]
pub struct RouteArguments {
    /// A TOML file with releases of llm-inference and the routes of models to them; it is read again when it changes [default:
    /// every model is run by the one at --llm-inference-url]
    #[arg(long, env = "ONDOL_ROUTES", value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

/// All of the file. A pipe is none: it could not be read again.
pub(super) fn text(path: &Path) -> Result<String, ApiError> {
    let failed = |source| ApiError::RoutesFile { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(ErrorKind::InvalidInput, "expected a regular file")));
    }
    text_of(path).map_err(failed)
}
