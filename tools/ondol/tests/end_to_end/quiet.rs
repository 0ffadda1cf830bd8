//! Nothing of ours, and nothing that we link, leaves traces or tells others what it is used for.

use std::fs;

use crate::stack::Stack;

#[test]
fn onnx_runtime_keeps_nothing_and_tells_nobody() {
    let home = tempfile::tempdir().unwrap();
    let (cache, home) = (home.path().join("cache"), home.path());
    let places = [("HOME", home.to_str().unwrap()), ("XDG_CACHE_HOME", cache.to_str().unwrap())];
    let Some(stack) = Stack::start_in(&places, &[]) else { return };
    stack.wait_for("/readyz", &["200 OK"]);
    // Where it keeps the name that it gives to a machine, and what it has not sent yet.
    let kept = [home.join(".cache"), cache].map(|folder| fs::read_dir(folder).map_or(0, Iterator::count));
    assert_eq!(kept, [0, 0]);
}
