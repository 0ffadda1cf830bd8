//! Lists.

use bytes::Bytes;
use fault::{Fault, Kind};
use objects::{ListOptions, Objects, PutOptions};

use crate::subject::{Subject, key};

/// In the order of their bytes: a dot comes before a slash, which a walk through folders gets wrong easily.
const KEYS: [&str; 9] = ["a.txt", "a/1", "a/b.c", "a/b/1", "a/b/2", "a/b/c/d", "a0", "b", "ü/x"];

async fn fill(store: &dyn Objects) {
    for text in KEYS {
        store.put(&key(text), Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    }
}

/// Keys and folders of all pages.
async fn all(store: &dyn Objects, mut options: ListOptions) -> (Vec<String>, Vec<String>) {
    let (mut keys, mut folders) = (Vec::new(), Vec::new());
    loop {
        let page = store.list(options.clone()).await.unwrap();
        assert!(page.items.len() + page.folders.len() <= options.page_size.max(1));
        keys.extend(page.items.into_iter().map(|item| item.key.to_string()));
        folders.extend(page.folders);
        match page.next {
            Some(next) => options.page_token = Some(next),
            None => return (keys, folders),
        }
    }
}

pub async fn pages_hold_every_key_once_and_in_order(subject: &Subject) {
    let store = &*subject.store;
    assert_eq!(all(store, ListOptions::default()).await.0, Vec::<String>::new());
    fill(store).await;
    for page_size in [1, 2, 4, 1000] {
        let with = |prefix: &str| ListOptions { page_size, ..ListOptions::prefix(prefix) };
        assert_eq!(all(store, with("")).await.0, KEYS);
        assert_eq!(all(store, with("a/b")).await.0, ["a/b.c", "a/b/1", "a/b/2", "a/b/c/d"]);
        assert_eq!(all(store, with("a/b/")).await.0, ["a/b/1", "a/b/2", "a/b/c/d"]);
        assert_eq!(all(store, with("no")).await.0, Vec::<String>::new());
    }
    let page = store.list(ListOptions::prefix("b")).await.unwrap();
    assert_eq!(page.items[0].size, 1);
    let head = store.head(&key("b"), None).await.unwrap();
    assert!(page.items[0].etag.as_ref().is_none_or(|etag| *etag == head.etag));
}

pub async fn one_level_tells_folders(subject: &Subject) {
    let store = &*subject.store;
    fill(store).await;
    for page_size in [1, 3, 1000] {
        let level = |prefix: &str| ListOptions { by_folder: true, page_size, ..ListOptions::prefix(prefix) };
        let told = |keys: &[&str], folders: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            (owned(keys), owned(folders))
        };
        assert_eq!(all(store, level("")).await, told(&["a.txt", "a0", "b"], &["a/", "ü/"]), "{page_size}");
        assert_eq!(all(store, level("a/")).await, told(&["a/1", "a/b.c"], &["a/b/"]), "{page_size}");
        assert_eq!(all(store, level("a/b")).await, told(&["a/b.c"], &["a/b/"]), "{page_size}");
    }
}

pub async fn pages_have_a_limit(subject: &Subject) {
    let options = [
        ListOptions { page_size: 1001, ..ListOptions::default() },
        ListOptions::prefix("a/../b"),
        ListOptions::prefix("\0"),
    ];
    for options in options {
        let error = subject.store.list(options).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    }
}
