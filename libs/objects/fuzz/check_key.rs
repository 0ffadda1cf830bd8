//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::path::{Component, Path};

use objects::Key;

/// Takes `bytes` for a key.
pub fn check_key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(key) = Key::new(text) else { return };
    assert_eq!(key.as_str(), text);
    let path = Path::new(text);
    assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{text:?}");
    // One name never means two places.
    let again: Vec<_> = path.components().map(|part| part.as_os_str().to_str().unwrap()).collect();
    assert_eq!(again.join("/"), text);
    assert!(!text.chars().any(char::is_control) && text.len() <= 1024);
}
