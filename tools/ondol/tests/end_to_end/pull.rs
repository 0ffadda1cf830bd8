//! Packages that come out of a bucket, as they do when a pod starts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{Arc, Mutex},
};

use http::{Request, StatusCode, header};
use models::{Decoder, FileRecord, MANIFEST, Manifest, Precision, Provenance, Store, Task, digest};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use testkit::{Answered, Backend, S3Server};

use crate::stack::{ondol, text};

const URL: &str = "s3://models/packages";
const MIB: usize = 1024 * 1024;

/// A bucket, and the store that packages go to.
struct Stand {
    s3: S3Server,
    folder: TempDir,
    /// Objects, and ranges of them, that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
    /// Requests for such bytes and later ones are refused.
    refused_from: Arc<Mutex<u64>>,
}

impl Stand {
    async fn new() -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let refused_from = Arc::new(Mutex::new(u64::MAX));
        let (notes, limit) = (Arc::clone(&asked), Arc::clone(&refused_from));
        let front = move |request: Request<_>, backend: Backend| {
            let range = range(&request);
            let name = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            notes.lock().unwrap().push(format!("{name} {}", range.clone().unwrap_or_default()));
            let start = range.and_then(|range| range.split('-').next()?.parse::<u64>().ok());
            let refused = start.is_some_and(|start| start >= *limit.lock().unwrap());
            async move { spoiled(backend.answer(request).await, refused) }
        };
        let s3 = S3Server::start_behind(&["models"], front).await.unwrap();
        Self { s3, folder: tempfile::tempdir().unwrap(), asked, refused_from }
    }

    /// Puts a package into the bucket; its digest.
    fn put(&self, name: &str, weights: &[u8]) -> String {
        let folder = self.elsewhere(name);
        fs::create_dir_all(&folder).unwrap();
        write_package(&folder, name, weights)
    }

    /// Where a package is in the bucket.
    fn elsewhere(&self, name: &str) -> PathBuf {
        self.s3.root().join("models/packages").join(name)
    }

    fn store(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `ondol model pull`: its exit code, and all that it said.
    fn pull(&self, flags: &[&str]) -> (Option<i32>, String) {
        let arguments = [&["model", "pull", URL, "--models", text(self.store())], flags].concat();
        let Output { status, stdout, stderr } = ondol(&arguments)
            .env("ONDOL_OBJECTS_ENDPOINT", self.s3.endpoint())
            .env("AWS_ACCESS_KEY_ID", S3Server::ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", S3Server::SECRET)
            .output()
            .unwrap();
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8(said).unwrap())
    }

    fn verify(&self, name: &str) {
        Store::open(self.store()).unwrap().package(name).unwrap().verify().unwrap();
    }

    fn is_empty(&self) -> bool {
        Store::open(self.store()).unwrap().list().unwrap().is_empty()
    }

    fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// The answer, or a refusal in its place.
fn spoiled(answer: Answered, refused: bool) -> Answered {
    answer.map(|mut answer| {
        if refused {
            *answer.status_mut() = StatusCode::FORBIDDEN;
        }
        answer
    })
}

/// The bytes that a request asks for, as `0-8388607`.
fn range<B>(request: &Request<B>) -> Option<String> {
    let value = request.headers().get(header::RANGE)?.to_str().ok()?;
    value.strip_prefix("bytes=").map(str::to_owned)
}

/// A package that is sound in all but that no engine could run it.
fn write_package(folder: &Path, name: &str, weights: &[u8]) -> String {
    let files = [("model.onnx", &b"graph"[..]), ("model.onnx.data", weights), ("tokenizer.json", b"{}")];
    let record = |content: &[u8]| FileRecord {
        bytes: content.len() as u64,
        sha256: hex::encode(Sha256::digest(content)),
    };
    let manifest = Manifest {
        schema: models::SCHEMA,
        name: name.to_owned(),
        task: Task::TextGeneration,
        precision: Precision::Int8,
        context: 64,
        decoder: Some(Decoder { layers: 1, heads: 1, kv_heads: 1, head_dim: 2, hidden: 2, vocabulary: 300 }),
        tokens: models::SpecialTokens { begin: None, end: vec![256] },
        provenance: Provenance {
            source: "tiny.gguf".to_owned(),
            source_sha256: "0".repeat(64),
            format: "gguf".to_owned(),
            license: "unknown".to_owned(),
            importer: "a test".to_owned(),
        },
        files: files.iter().map(|(name, content)| ((*name).to_owned(), record(content))).collect(),
    };
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    let toml = manifest.to_toml().unwrap();
    fs::write(folder.join(MANIFEST), &toml).unwrap();
    digest(toml.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_package_is_fetched_once_and_a_known_one_not_asked_for() {
    let mut stand = Stand::new().await;
    let digest = stand.put("tiny", &vec![7; 3 * MIB]);
    let (code, said) = stand.pull(&["--model", "tiny"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Pulled tiny") && said.contains(&digest), "{said}");
    stand.verify("tiny");

    stand.take_asked();
    let (code, said) = stand.pull(&["--model", "tiny"]);
    assert!(code == Some(0) && said.contains("tiny is there already"), "{said}");
    assert_eq!(stand.take_asked(), ["model.toml "]);

    stand.s3.stop();
    let expected = format!("tiny=sha256:{digest}");
    let (code, said) = stand.pull(&["--model", "tiny", "--expect-digest", &expected]);
    assert!(code == Some(0) && said.contains("tiny is there already"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_name_all_packages_come_and_nothing_else() {
    let stand = Stand::new().await;
    stand.put("one", b"1");
    stand.put("two", b"");
    fs::create_dir_all(stand.elsewhere("notes")).unwrap();
    fs::write(stand.elsewhere("notes").join("readme"), "hello").unwrap();
    let (code, said) = stand.pull(&[]);
    assert_eq!(code, Some(0), "{said}");
    let names: Vec<_> =
        Store::open(stand.store()).unwrap().list().unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_broke_off_is_gone_on_with() {
    let stand = Stand::new().await;
    let weights: Vec<u8> = (0..20 * MIB).map(|index| (index / 4096) as u8).collect();
    stand.put("tiny", &weights);
    *stand.refused_from.lock().unwrap() = 16 * MIB as u64;
    let (code, said) = stand.pull(&["--model", "tiny", "--parallel", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("s3://models/packages/tiny/model.onnx.data"), "{said}");
    assert!(stand.is_empty());

    *stand.refused_from.lock().unwrap() = u64::MAX;
    stand.take_asked();
    let (code, said) = stand.pull(&["--model", "tiny"]);
    assert_eq!(code, Some(0), "{said}");
    let asked = stand.take_asked();
    let ranges: Vec<_> = asked.iter().filter(|it| it.starts_with("model.onnx.data ")).collect();
    // What is known of it, and its last piece.
    assert_eq!(ranges, ["model.onnx.data ", "model.onnx.data 16777216-20971519"]);
    stand.verify("tiny");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_as_the_manifest_says_never_gets_its_place() {
    let stand = Stand::new().await;
    stand.put("tiny", b"weights");
    let weights = stand.elsewhere("tiny").join("model.onnx.data");
    for (content, word) in [("WEIGHTS", "expected sha256"), ("weight", "has 6 bytes")] {
        fs::write(&weights, content).unwrap();
        let (code, said) = stand.pull(&["--model", "tiny"]);
        assert_eq!(code, Some(1), "{said}");
        for word in [word, "s3://models/packages/tiny/model.onnx.data", "again"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(stand.is_empty());
    }
    fs::write(&weights, "weights").unwrap();
    assert_eq!(stand.pull(&["--model", "tiny"]).0, Some(0));
    stand.verify("tiny");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_package_that_somebody_else_put_there_is_told_by_its_digest() {
    let stand = Stand::new().await;
    let wanted = stand.put("tiny", b"wanted");
    let found = stand.put("tiny", b"other");
    let expected = format!("tiny=sha256:{wanted}");
    let (code, said) = stand.pull(&["--model", "tiny", "--expect-digest", &expected]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&wanted) && said.contains(&found), "{said}");
    assert!(stand.is_empty());
    let (code, said) = stand.pull(&["--model", "small", "--expect-digest", &expected]);
    assert!(code == Some(2) && said.contains("no --model asks for"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_package_of_the_name_is_replaced_only_on_demand() {
    let stand = Stand::new().await;
    stand.put("tiny", b"first");
    assert_eq!(stand.pull(&["--model", "tiny"]).0, Some(0));
    let second = stand.put("tiny", b"second");
    let (code, said) = stand.pull(&["--model", "tiny"]);
    assert!(code == Some(1) && said.contains("--replace"), "{said}");
    let (code, said) = stand.pull(&["--model", "tiny", "--replace"]);
    assert!(code == Some(0) && said.contains(&second), "{said}");
    stand.verify("tiny");

    // One that is damaged is of use to nobody.
    fs::write(stand.store().join("tiny/model.onnx.data"), "").unwrap();
    assert_eq!(stand.pull(&["--model", "tiny"]).0, Some(0));
    stand.verify("tiny");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_there_is_answered_with_what_is() {
    let stand = Stand::new().await;
    let (code, said) = stand.pull(&[]);
    assert!(code == Some(1) && said.contains("there is no package in s3://models/packages"), "{said}");
    stand.put("tiny", b"weights");
    let (code, said) = stand.pull(&["--model", "huge"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("huge/model.toml") && said.contains("there are: tiny"), "{said}");
    fs::rename(stand.elsewhere("tiny"), stand.elsewhere("small")).unwrap();
    let (code, said) = stand.pull(&["--model", "small"]);
    assert!(code == Some(1) && said.contains("calls it tiny"), "{said}");
}
