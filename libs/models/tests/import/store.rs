//! What an import does to the store.

use std::fs::{self, File};

use models::{ModelError, Precision, import::Options};

use crate::{package::Place, sample::Sample};

fn hidden_entries(place: &Place) -> Vec<String> {
    let names = fs::read_dir(place.store.root()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.') && name != ".import.lock").collect()
}

#[test]
fn a_package_is_replaced_only_on_request() {
    let place = Place::new(&Sample::default());
    place.import(&Options::default()).unwrap();
    let again = place.import(&Options::default()).unwrap_err();
    assert!(matches!(again, ModelError::AlreadyExists { .. }), "{again}");
    let options = Options { precision: Some(Precision::Fp32), replace: true, ..Options::default() };
    place.import(&options).unwrap();
    assert_eq!(place.store.package("tiny").unwrap().manifest().precision, Precision::Fp32);
    assert!(hidden_entries(&place).is_empty());
}

#[test]
fn a_failed_import_leaves_the_old_package_and_nothing_else() {
    let place = Place::new(&Sample::default());
    place.import(&Options::default()).unwrap();
    let mut broken = Sample::default();
    let end = broken.tensor("output_norm.weight").bytes.len();
    broken.tensor("output_norm.weight").bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&place.source, broken.bytes()).unwrap();
    place.import(&Options { replace: true, ..Options::default() }).unwrap_err();
    place.store.package("tiny").unwrap().verify().unwrap();
    assert!(hidden_entries(&place).is_empty());
}

#[test]
fn what_a_killed_import_left_is_removed_by_the_next() {
    let place = Place::new(&Sample::default());
    let leftover = place.store.root().join(".import-a1b2c3");
    fs::create_dir(&leftover).unwrap();
    fs::write(leftover.join("model.onnx.data"), "half").unwrap();
    assert!(place.store.list().unwrap().is_empty());
    place.import(&Options::default()).unwrap();
    assert!(hidden_entries(&place).is_empty());
}

#[test]
fn a_package_whose_replacement_was_killed_comes_back() {
    let place = Place::new(&Sample::default());
    place.import(&Options::default()).unwrap();
    let target = place.store.root().join("tiny");
    fs::rename(&target, place.store.root().join(".replaced-tiny")).unwrap();
    let again = place.import(&Options::default()).unwrap_err();
    assert!(matches!(again, ModelError::AlreadyExists { .. }), "{again}");
    place.store.package("tiny").unwrap().verify().unwrap();
}

#[test]
fn two_imports_into_one_store_do_not_meet() {
    let place = Place::new(&Sample::default());
    let lock = File::create(place.store.root().join(".import.lock")).unwrap();
    lock.lock().unwrap();
    let busy = place.import(&Options::default()).unwrap_err();
    assert!(matches!(busy, ModelError::StoreBusy { .. }), "{busy}");
    drop(lock);
    place.import(&Options::default()).unwrap();
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    let place = Place::new(&Sample::default());
    for name in ["", "../tiny", "Tiny", ".tiny", "a b"] {
        let error = place.import(&Options { name: Some(name.to_owned()), ..Options::default() }).unwrap_err();
        assert!(matches!(error, ModelError::InvalidName { .. }), "{name}: {error}");
    }
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let place = Place::new(&Sample::default());
    fs::remove_file(&place.source).unwrap();
    let error = place.import(&Options::default()).unwrap_err().to_string();
    assert!(error.ends_with("Tiny.Q4_1.gguf: it does not exist"), "{error}");
}
