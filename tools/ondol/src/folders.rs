//! Where the command line keeps things between runs.

use std::path::PathBuf;

use clap::Args;

/// The folder of model packages.
#[derive(Args, Clone, Debug)]
pub(crate) struct ModelsFolder {
    /// The folder that holds the model packages
    #[arg(id = "models", long = "models", env = "ONDOL_MODELS", value_name = "DIR", default_value_os_t = data().join("models"))]
    pub(crate) path: PathBuf,
}

/// The file with the API key of the stack on this machine, which `up` writes and the client commands read.
#[derive(Args, Clone, Debug)]
pub(crate) struct DevelopmentKeyFile {
    /// The file with this machine's development API key
    #[arg(id = "key_file", long = "key-file", env = "ONDOL_KEY_FILE", value_name = "FILE", default_value_os_t = development_key())]
    pub(crate) path: PathBuf,
}

impl Default for DevelopmentKeyFile {
    fn default() -> Self {
        Self { path: development_key() }
    }
}

impl DevelopmentKeyFile {
    /// Whether this is where clients look when they are told nothing.
    pub(crate) fn is_default(&self) -> bool {
        self.path == development_key()
    }
}

fn development_key() -> PathBuf {
    data().join("development.key")
}

/// The file that describes this machine's tools.
pub(crate) fn tools_file() -> PathBuf {
    data().join("tools.toml")
}

/// `~/.local/share/ondol`, or the same under the current folder when there is no home.
pub(crate) fn data() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".local/share/ondol")
}
