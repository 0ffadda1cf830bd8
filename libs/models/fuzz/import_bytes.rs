//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::fs;

use models::{
    Precision, Store,
    import::{Options, import_gguf},
};

/// Imports `bytes` as a GGUF file in the precision that its last bit chooses. A package that comes out must open, be
/// whole, and have a tokenizer that loads; after an error the store must be empty.
pub(crate) fn import_bytes(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("model.gguf");
    fs::write(&source, bytes).unwrap();
    let store = Store::create(folder.path().join("store")).unwrap();
    let exact = bytes.last().is_some_and(|last| last % 2 == 1);
    let precision = if exact { Precision::Int4 } else { Precision::Int8 };
    let options = Options { name: Some("model".to_owned()), precision: Some(precision), replace: false };
    match import_gguf(&source, &store, &options, &mut |_| ()) {
        Ok(_) => {
            let package = store.package("model").unwrap();
            package.verify().unwrap();
            package.tokenizer().unwrap();
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(store.list().unwrap().is_empty());
        }
    }
}
