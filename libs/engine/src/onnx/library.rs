//! ONNX Runtime's shared library, loaded at run time.

use std::{
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::Arc,
};

use ort::{
    environment::{Environment, EnvironmentBuilder},
    logging::LogLevel,
};

use crate::EngineError;

/// The variable of the environment, and its value, with which ONNX Runtime tells its makers nothing. Without it, from version 1.31
/// on, it writes a name for this machine and a database into the cache of the user's home, and sends what it is used for. It reads
/// it once when it is loaded; what can be asked of it later comes too late.
pub const NO_TELEMETRY: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");

/// The loaded library. A process can load one, once, and keeps it as long as a clone of this lives; so make it at the
/// start and pass it on.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
    path: PathBuf,
}

impl Runtime {
    /// Loads the library at `path`.
    ///
    /// # Errors
    /// [`EngineError::Library`] when the file is not there, is no ONNX Runtime or an old one, or when the process has
    /// loaded one before.
    pub fn load(path: &Path) -> Result<Self, EngineError> {
        let refuse = |problem: String| EngineError::Library { path: path.to_path_buf(), problem };
        // The loader checks what it can, and panics at what it cannot, such as a library without the API it wants.
        let loaded = catch_unwind(|| -> Result<Environment, String> {
            let builder = ort::init_from(path).map_err(|error| error.to_string())?;
            with_logger(builder.with_name("ondol").with_telemetry(false))
                .build()
                .map_err(|error| error.to_string())
        });
        let environment = match loaded {
            Ok(loaded) => loaded.map_err(refuse)?,
            Err(_) => return Err(refuse("it does not offer the functions of ONNX Runtime 1.24".to_string())),
        };
        environment.set_log_level(LogLevel::Warning);
        tracing::debug!(library = %path.display(), build = ort::info(), "loaded ONNX Runtime");
        Ok(Self { environment, path: path.to_path_buf() })
    }

    /// Where it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// The library's own messages go where ours go, instead of to standard error.
fn with_logger(builder: EnvironmentBuilder) -> EnvironmentBuilder {
    builder.with_logger(Arc::new(|level, category: &str, _: &str, place: &str, message: &str| match level {
        LogLevel::Fatal | LogLevel::Error => {
            tracing::error!(target: "onnxruntime", category, place, "{message}");
        }
        LogLevel::Warning => tracing::warn!(target: "onnxruntime", category, place, "{message}"),
        LogLevel::Info | LogLevel::Verbose => {
            tracing::trace!(target: "onnxruntime", category, place, "{message}");
        }
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::Runtime;

    #[test]
    fn a_missing_or_foreign_library_is_an_error_that_says_what_to_do() {
        let mut text = tempfile::NamedTempFile::new().unwrap();
        text.write_all(b"not a library").unwrap();
        for path in [std::path::Path::new("/nowhere/libonnxruntime.so"), text.path()] {
            let error = Runtime::load(path).err().map(|error| error.to_string()).unwrap();
            assert!(
                error.contains(&path.display().to_string()) && error.contains("--onnxruntime-library"),
                "{error}"
            );
        }
    }
}
