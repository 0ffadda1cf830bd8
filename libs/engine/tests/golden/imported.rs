//! The model that the golden files speak of, imported once for all tests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use clap::Parser;
use engine::{OnnxModel, OnnxOptions, Runtime};
use models::{
    Package, Precision, Store,
    import::{Options, import_gguf},
};
use serde_json::Value;
use tempfile::TempDir;

#[derive(Parser)]
struct Needed {
    /// The GGUF file that the golden files were made from.
    #[arg(long, env = "ONDOL_TEST_GGUF")]
    gguf: Option<PathBuf>,
    /// ONNX Runtime's shared library.
    #[arg(long, env = "ONDOL_TEST_ONNXRUNTIME")]
    onnxruntime: Option<PathBuf>,
}

/// Imports of the model.
pub(crate) struct Imported {
    runtime: Runtime,
    gguf: PathBuf,
}

/// A package of its own folder, which goes when it is dropped.
pub(crate) struct Imports {
    pub(crate) package: Package,
    _folder: TempDir,
}

/// The source and the library, where both are at hand.
pub(crate) fn imported() -> Option<&'static Imported> {
    static IMPORTED: OnceLock<Option<Imported>> = OnceLock::new();
    let imported = IMPORTED.get_or_init(|| {
        let Needed { gguf: Some(gguf), onnxruntime: Some(library) } = Needed::parse_from(["test"]) else {
            return None;
        };
        Some(Imported { runtime: Runtime::load(&library).unwrap(), gguf })
    });
    if imported.is_none() {
        eprintln!("skipped: ONDOL_TEST_GGUF (a file) and ONDOL_TEST_ONNXRUNTIME (a library) are not set");
    }
    imported.as_ref()
}

impl Imported {
    /// A fresh import.
    pub(crate) fn import(&self, precision: Precision) -> Imports {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let options = Options { precision: Some(precision), ..Options::default() };
        let report = import_gguf(&self.gguf, &store, &options, &mut |_| ()).unwrap();
        Imports { package: store.package(&report.manifest.name).unwrap(), _folder: folder }
    }

    /// The import in one slot.
    pub(crate) fn load(&self, imports: &Imports, context: usize) -> OnnxModel {
        let options = OnnxOptions { slots: 1, context, ..OnnxOptions::default() };
        let package = &imports.package;
        OnnxModel::load(&self.runtime, &package.model_path(), package.manifest(), &options).unwrap()
    }
}

/// A golden file.
pub(crate) fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/golden").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A list of token ids in a golden file.
pub(crate) fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| u32::try_from(id.as_u64().unwrap()).unwrap()).collect()
}
