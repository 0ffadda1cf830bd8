//! The suite on a folder, and what is special about one.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use fault::{Fault, Kind};
use futures::future::join;
use objects::{ByteRange, Folder, GetOptions, ListOptions, Objects, ObjectsError, PutOptions};
use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::subject::{Subject, attributes, conforms, key};

async fn open() -> Subject {
    let root = TempDir::new().unwrap();
    let store = Arc::new(Folder::open(root.path()).await.unwrap());
    Subject { store, keeps_versions: false, signs: false, is_atomic: true, _server: Box::new(root) }
}

conforms!(open);

async fn folder() -> (TempDir, Folder) {
    let root = TempDir::new().unwrap();
    let folder = Folder::open(root.path()).await.unwrap();
    (root, folder)
}

#[tokio::test]
async fn objects_are_files_that_outlive_the_store() {
    let (root, folder) = folder().await;
    let options = PutOptions::default().with(attributes());
    let stored = folder.put(&key("a/b.txt"), Bytes::from_static(b"hello"), options).await.unwrap();
    drop(folder);
    assert_eq!(fs::read_to_string(root.path().join("a/b.txt")).unwrap(), "hello");
    let again = Folder::open(root.path()).await.unwrap();
    let info = again.head(&key("a/b.txt"), None).await.unwrap();
    assert_eq!((info.etag, info.attributes), (stored.etag, attributes()));
}

#[tokio::test]
async fn a_file_that_was_copied_there_is_an_object() {
    let (root, folder) = folder().await;
    folder
        .put(&key("a/b"), Bytes::from_static(b"ours"), PutOptions::default().with(attributes()))
        .await
        .unwrap();
    fs::write(root.path().join("a/b"), "theirs").unwrap();
    let object = folder.get(&key("a/b"), GetOptions::default()).await.unwrap();
    assert_eq!(object.info.attributes.content_type, None, "what was said of our file is not said of theirs");
    let etag = object.info.etag.clone();
    assert_eq!(object.bytes(100).await.unwrap(), "theirs");
    assert_eq!(folder.list(ListOptions::default()).await.unwrap().items[0].etag.as_ref(), Some(&etag));
    folder.put(&key("a/b"), Bytes::from_static(b"ours"), PutOptions::if_match(etag)).await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_an_error_at_the_end() {
    let (root, folder) = folder().await;
    folder.put(&key("a"), Bytes::from_static(b"0123456789"), PutOptions::default()).await.unwrap();
    // One byte changed and the time put back, as a failing disk would.
    let mut file = File::options().write(true).open(root.path().join("a")).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    file.write_all(b"x").unwrap();
    file.set_modified(modified).unwrap();
    let read = |options| async { folder.get(&key("a"), options).await.unwrap().bytes(10).await };
    let error = read(GetOptions::default()).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Damaged { .. }), "{error}");
    assert_eq!(error.kind(), Kind::DataLoss);
    // A part has no checksum of its own.
    read(GetOptions::range(ByteRange::From(5))).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_cut_while_it_is_read_is_an_error() {
    let (root, folder) = folder().await;
    folder.put(&key("a"), Bytes::from(vec![7; 1 << 20]), PutOptions::default()).await.unwrap();
    let object = folder.get(&key("a"), GetOptions::default()).await.unwrap();
    File::options().write(true).open(root.path().join("a")).unwrap().set_len(1000).unwrap();
    let error = object.bytes(1 << 20).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_key_below_an_object_is_refused() {
    let (_root, folder) = folder().await;
    let put = |text: &'static str, options| {
        let folder = &folder;
        async move { folder.put(&key(text), Bytes::new(), options).await }
    };
    put("a", PutOptions::default()).await.unwrap();
    put("b/c", PutOptions::default()).await.unwrap();
    for options in [PutOptions::default(), PutOptions::if_absent()] {
        for text in ["a/below", "a/far/below", "b", ".ondol/new/x"] {
            let error = put(text, options.clone()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{text}: {error}");
        }
    }
    let error = folder.head(&key("a/below"), None).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    let error = folder.head(&key("b"), None).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
}

/// What lies in the folder besides files was put there by others, and may lead anywhere or never answer.
#[tokio::test]
async fn links_are_not_followed_and_pipes_not_waited_for() {
    let (root, folder) = folder().await;
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), "not ours").unwrap();
    let link = |target: &Path, name: &str| symlink(target, root.path().join(name)).unwrap();
    folder.put(&key("a/b"), Bytes::from_static(b"ours"), PutOptions::default()).await.unwrap();
    link(&outside.path().join("secret"), "file");
    link(outside.path(), "folder");
    link(root.path(), "a/up");
    mkfifoat(CWD, root.path().join("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
    let _socket = UnixListener::bind(root.path().join("socket")).unwrap();

    for attack in ["file", "folder/secret", "a/up/a/b", "pipe", "socket", "folder/new"] {
        let error = folder.get(&key(attack), GetOptions::default()).await.unwrap_err();
        assert!(matches!(error, ObjectsError::NotFound { .. }), "{attack}: {error}");
        folder.head(&key(attack), None).await.unwrap_err();
        for options in [PutOptions::default(), PutOptions::if_absent()] {
            let error = folder.put(&key(attack), Bytes::from_static(b"x"), options).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{attack}: {error}");
        }
        folder.delete(&key(attack), None).await.unwrap();
    }
    let listed = folder.list(ListOptions::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/b"]);
    let level = folder.list(ListOptions { by_folder: true, ..ListOptions::default() }).await.unwrap();
    assert_eq!(level.folders, ["a/"]);
    assert!(folder.list(ListOptions::prefix("folder/")).await.unwrap().items.is_empty());
    assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "not ours");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn the_stores_own_folder_is_not_listed() {
    let (_root, folder) = folder().await;
    folder.put(&key("a"), Bytes::new(), PutOptions::default()).await.unwrap();
    for prefix in [".ondol/", ".ondol/about/", ".ond"] {
        let page = folder.list(ListOptions { by_folder: true, ..ListOptions::prefix(prefix) }).await.unwrap();
        assert!(page.items.is_empty() && page.folders.is_empty(), "{prefix}: {page:?}");
    }
}

/// Readers take no lock, and still never see the bytes of one content with the attributes of another.
#[tokio::test(flavor = "multi_thread")]
async fn readers_see_one_content_while_writers_replace_it() {
    let (_root, folder) = folder().await;
    let key = key("a");
    let put = |content: u8| {
        let mut options = PutOptions::default();
        options.attributes.metadata.insert("content".to_owned(), content.to_string());
        folder.put(&key, Bytes::from(vec![content; 100]), options)
    };
    put(0).await.unwrap();
    let write = async {
        for content in 1..100 {
            put(content).await.unwrap();
        }
    };
    let read = async {
        for _ in 0..300 {
            let object = folder.get(&key, GetOptions::default()).await.unwrap();
            let said: u8 = object.info.attributes.metadata["content"].parse().unwrap();
            assert_eq!(object.bytes(100).await.unwrap(), vec![said; 100]);
        }
    };
    join(write, read).await;
}

#[tokio::test]
async fn nothing_is_left_in_the_stores_own_folder() {
    let (root, folder) = folder().await;
    for content in ["one", "two"] {
        folder.put(&key("a/b"), Bytes::from_static(content.as_bytes()), PutOptions::default()).await.unwrap();
    }
    folder.put(&key("a/b"), Bytes::new(), PutOptions::if_absent()).await.unwrap_err();
    drop(folder.write(&key("c"), PutOptions::default()).await.unwrap());
    let count = |folder: &str| files(&root.path().join(".ondol").join(folder));
    assert_eq!((count("new"), count("about")), (0, 1));
    folder.delete(&key("a/b"), None).await.unwrap();
    assert_eq!(count("about"), 0);
    assert!(!root.path().join("a").exists(), "an empty folder is no object");
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}
