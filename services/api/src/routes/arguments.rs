//! The command line argument for routes.

use std::{fs, io::Read, path::PathBuf};

use clap::Args;

use super::file::File;
use crate::ApiError;

const LARGEST: u64 = 1 << 20;

/// Where models are run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Routes")]
pub struct RouteArguments {
    /// A TOML file with releases of llm-inference and the routes of models to them; it is read once, at the start [default:
    /// every model is run by the one at --llm-inference-url]
    #[arg(long, env = "ONDOL_ROUTES", value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

impl RouteArguments {
    /// What the file says, checked, if there is one.
    pub(super) fn read(&self) -> Result<Option<File>, ApiError> {
        let Some(path) = &self.routes else { return Ok(None) };
        let failed = |source| ApiError::RoutesFile { path: path.clone(), source };
        let mut text = String::new();
        fs::File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > LARGEST {
            return Err(ApiError::route("--routes", "the file is larger than 1 MiB"));
        }
        File::from_toml(&text).map(Some)
    }
}
