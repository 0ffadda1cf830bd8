//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

#[path = "../src/resources/cursor.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "a part of it is tried here"))]
mod cursor;
#[path = "../src/protocol/tasks/name.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "a part of it is tried here"))]
mod name;
#[path = "../src/resources/uri.rs"]
mod uri;

use cursor::Cursor;
use name::TaskName;
use uri::Place;

/// How many lists there are to point into.
const LISTS: usize = 3;

/// Reads `bytes` as a URI, a cursor and the name of a task, which are what callers hand back to us. What is read is written
/// again as it was, and leads nowhere else.
pub fn read_handed_back(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Place::of(text) {
        Ok(Place::Object { bucket, key }) => {
            assert_eq!(format!("s3://{bucket}/{key}"), text);
            assert!(!bucket.contains('/'));
        }
        Ok(Place::Answer { key }) => assert_eq!(format!("ondol://{key}"), text),
        Err(_) => {}
    }
    if let Ok(cursor) = Cursor::of(Some(text), LISTS) {
        assert!(cursor.turn < LISTS);
        assert_eq!(cursor.to_string(), text);
    }
    if let Some(name) = TaskName::read("owner", text) {
        assert_eq!(name.id(), text);
        // Under its owner's folder, and nowhere else.
        for key in [name.record(), name.inbox()] {
            let parts: Vec<_> = key.split('/').collect();
            assert_eq!((parts[0], parts[1], parts[2], parts.len()), ("tasks", "owner", text, 4));
            assert_eq!(TaskName::of_key(&key).as_ref(), Some(&name));
        }
    }
}
