//! The command line argument for routes.

use std::{
    fs,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::ApiError;

const LARGEST: u64 = 1 << 20;

/// Where models are run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Routes")]
pub struct RouteArguments {
    /// A TOML file with releases of llm-inference and the routes of models to them; it is read again when it changes [default:
    /// every model is run by the one at --llm-inference-url]
    #[arg(long, env = "ONDOL_ROUTES", value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

/// All of the file.
pub(super) fn text(path: &Path) -> Result<String, ApiError> {
    let failed = |source| ApiError::RoutesFile { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(ErrorKind::InvalidInput, "expected a regular file")));
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(ApiError::route("--routes", "the file is larger than 1 MiB"));
    }
    Ok(text)
}
