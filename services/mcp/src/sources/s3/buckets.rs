//! The buckets, and what may be done in each.

use std::{collections::BTreeMap, sync::Arc};

use fault::Violation;
use objects::{Folder, Key, Location, Objects, S3, S3Settings};
use tools::ToolsError;

use crate::{
    McpError,
    config::{BucketConfig, S3Config},
};

/// The buckets by the names that callers use.
pub(crate) struct Buckets(BTreeMap<String, Bucket>);

/// A bucket and what may be done in it.
pub(crate) struct Bucket {
    /// Where it is.
    pub(crate) objects: Arc<dyn Objects>,
    description: String,
    /// Folders, each ending in a slash, or nothing at all.
    read: Vec<String>,
    write: Option<String>,
}

impl Buckets {
    pub(super) async fn open(config: &S3Config) -> Result<Self, McpError> {
        let mut buckets = BTreeMap::new();
        for (name, bucket) in &config.buckets {
            let opened = Bucket::open(name, bucket).await?;
            buckets.insert(name.clone(), opened);
        }
        if buckets.is_empty() {
            return Err(McpError::Config(
                "[s3] has no buckets: describe one as [s3.buckets.NAME]".to_owned(),
            ));
        }
        Ok(Self(buckets))
    }

    /// The names of all.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of those that take objects.
    pub(super) fn writable(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, bucket)| bucket.write.is_some()).map(|(name, _)| name.as_str())
    }

    pub(super) fn take_objects(&self) -> bool {
        self.writable().next().is_some()
    }

    /// What models and people should know of them.
    pub(super) fn described(&self) -> String {
        let each = self.0.iter().map(|(name, bucket)| {
            let what = if bucket.description.is_empty() { "no description" } else { &bucket.description };
            let read = bucket.read.iter().map(|folder| if folder.is_empty() { "everything" } else { folder });
            let read = if bucket.read.is_empty() {
                "nothing".to_owned()
            } else {
                read.collect::<Vec<_>>().join(", ")
            };
            let write =
                bucket.write.as_ref().map(|folder| format!("; writable: {folder}")).unwrap_or_default();
            format!("- {name}: {what} (readable: {read}{write})")
        });
        each.collect::<Vec<_>>().join("\n")
    }

    /// What one of them is, for people.
    pub(crate) fn about(&self, name: &str) -> String {
        self.0.get(name).map(|bucket| bucket.description.clone()).unwrap_or_default()
    }

    /// Every folder that may be read, with its bucket.
    pub(crate) fn folders(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|(name, bucket)| bucket.read.iter().map(|folder| (name.as_str(), folder.as_str())))
    }

    /// A bucket by its name.
    pub(crate) fn get(&self, name: &str) -> Result<&Bucket, ToolsError> {
        self.0.get(name).ok_or_else(|| wrong("bucket", "there is no such bucket"))
    }
}

impl Bucket {
    async fn open(name: &str, config: &BucketConfig) -> Result<Self, McpError> {
        let wrong = |problem: String| McpError::Config(format!("[s3.buckets.{name}] {problem}"));
        let sound = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !sound {
            return Err(wrong("a bucket's name must be 1 to 64 of A-Z, a-z, 0-9, -, _ and .".to_owned()));
        }
        let folders = config.read.iter().chain(&config.write);
        if let Some(folder) = folders.into_iter().find(|folder| !is_folder(folder)) {
            return Err(wrong(format!(
                "{folder:?} must be a folder such as \"reports/\": its slash keeps others out"
            )));
        }
        let location: Location = config.url.parse().map_err(|problem| wrong(format!("url: {problem}")))?;
        let objects: Arc<dyn Objects> = match location {
            // The store would make it, and nobody would ever see that the path is misspelt.
            Location::Folder(path) if !path.is_dir() => {
                let path = path.display();
                return Err(wrong(format!("url: there is no folder {path}: make it, or mend the path")));
            }
            Location::Folder(path) => Arc::new(Folder::open(path).await?),
            Location::S3 { bucket, prefix } => Arc::new(S3::open(settings(config, bucket, prefix)).await?),
        };
        let (read, write) = (config.read.clone(), config.write.clone());
        Ok(Self { objects, description: config.description.clone(), read, write })
    }

    /// The key of an object that may be read.
    pub(crate) fn readable(&self, key: &str) -> Result<Key, ToolsError> {
        let key = Key::new(key).map_err(ToolsError::inner)?;
        let inside = self.read.iter().any(|folder| key.as_str().starts_with(folder));
        if inside { Ok(key) } else { Err(wrong("key", allowed("read", &self.read))) }
    }

    /// The key of an object that may be written.
    pub(super) fn writable(&self, key: &str) -> Result<Key, ToolsError> {
        let key = Key::new(key).map_err(ToolsError::inner)?;
        match &self.write {
            Some(folder) if key.as_str().starts_with(folder) => Ok(key),
            Some(folder) => Err(wrong("key", allowed("written", std::slice::from_ref(folder)))),
            None => Err(wrong("bucket", "nothing may be written to this bucket")),
        }
    }

    /// A beginning of keys all of which may be read.
    pub(crate) fn listable(&self, prefix: &str) -> Result<(), ToolsError> {
        let inside = self.read.iter().any(|folder| prefix.starts_with(folder));
        if inside { Ok(()) } else { Err(wrong("prefix", allowed("listed", &self.read))) }
    }
}

fn allowed(done: &str, folders: &[String]) -> String {
    if folders.is_empty() {
        return format!("nothing in this bucket may be {done}");
    }
    format!("must begin with a folder that may be {done}: {}", folders.join(", "))
}

fn settings(config: &BucketConfig, bucket: String, prefix: String) -> S3Settings {
    S3Settings {
        prefix,
        region: config.region.clone(),
        endpoint: config.endpoint.clone(),
        path_style: config.path_style,
        profile: config.profile.clone(),
        // The policy around the tools tries again, and knows when to stop.
        attempts: 1,
        ..S3Settings::new(bucket)
    }
}

/// Whether this is the beginning of whole segments.
fn is_folder(folder: &str) -> bool {
    folder.is_empty() || folder.strip_suffix('/').is_some_and(|inner| Key::new(inner).is_ok())
}

fn wrong(field: &str, problem: impl Into<String>) -> ToolsError {
    ToolsError::invalid(vec![Violation::new(format!("arguments.{field}"), problem)])
}

#[cfg(test)]
mod tests {
    use super::{Buckets, S3Config};

    async fn buckets(folder: &std::path::Path, rest: &str) -> Result<Buckets, crate::McpError> {
        let text = format!("[buckets.reports]\nurl = \"file://{}\"\n{rest}", folder.display());
        Buckets::open(&toml::from_str::<S3Config>(&text).unwrap()).await
    }

    #[tokio::test]
    async fn nothing_outside_of_the_folders_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let buckets = buckets(folder.path(), "read = [\"daily/\"]\nwrite = \"inbox/\"").await.unwrap();
        let bucket = buckets.get("reports").unwrap();
        for good in ["daily/a.csv", "daily/2026/b.csv"] {
            bucket.readable(good).unwrap();
        }
        let attacks = [
            "",
            "a.csv",
            "dailyx/a",
            "daily",
            "daily/",
            "daily/../secret",
            "daily/./a",
            "/daily/a",
            "daily//a",
            "./daily/a",
            "daily\u{0}/a",
            "daily/a\n",
            "DAILY/a",
            "daily\\..\\secret",
            "inbox",
            // What others put there is theirs: a folder is read only where the configuration says so.
            "inbox/c",
            "%2e%2e/daily/a",
        ];
        for attack in attacks {
            assert!(bucket.readable(attack).is_err(), "{attack:?}");
        }
        bucket.writable("inbox/a").unwrap();
        for attack in ["daily/a.csv", "inbox/../daily/a", "inboxes/a", "inbox/", ""] {
            assert!(bucket.writable(attack).is_err(), "{attack:?}");
        }
        bucket.listable("daily/20").unwrap();
        for attack in ["", "d", "daily", "secret/", "inbox/"] {
            assert!(bucket.listable(attack).is_err(), "{attack:?}");
        }
    }

    #[tokio::test]
    async fn a_bucket_is_described_by_whole_folders() {
        let folder = tempfile::tempdir().unwrap();
        for wrong in ["read = [\"daily\"]", "write = \"in\"", "read = [\"../\"]", "read = [\"/\"]"] {
            assert!(buckets(folder.path(), wrong).await.is_err(), "{wrong}");
        }
        assert!(buckets(folder.path(), "read = [\"\"]").await.is_ok());
    }
}
