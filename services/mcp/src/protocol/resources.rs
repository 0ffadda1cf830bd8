//! Objects as resources: those of the buckets that may be read, and each caller's own large answers.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use fault::Violation;
use objects::{GetOptions, Key, ListOptions, Objects};
use rmcp::model::{ListResourcesResult, ReadResourceResult, Resource, ResourceTemplate};
use tools::{Caller, Overflow, Registry, ToolsError};

use super::{answer::contents, uri::Place};
use crate::sources::s3::Buckets;

/// The most bytes that one read hands over: a resource has no ranges, and `s3_get` has.
const MAX_READ: u64 = 4 << 20;
/// The tool without which a key reads no objects, under whatever name they go.
const READING: &str = "s3_get";
const LISTING: &str = "s3_list";
const PAGE: usize = 100;

/// The resources.
#[derive(Clone)]
pub(super) struct Resources {
    registry: Registry,
    buckets: Arc<ArcSwapOption<Buckets>>,
    answers: Option<Arc<dyn Objects>>,
}

impl Resources {
    pub(super) fn new(
        registry: Registry,
        buckets: Arc<ArcSwapOption<Buckets>>,
        answers: Option<Arc<dyn Objects>>,
    ) -> Self {
        Self { registry, buckets, answers }
    }

    /// How URIs of objects are made.
    pub(super) fn templates(&self, caller: &Caller) -> Vec<ResourceTemplate> {
        let Some(buckets) = self.buckets.load_full().filter(|_| self.may(READING, caller)) else {
            return Vec::new();
        };
        let names = buckets.names().map(|name| {
            let mut template = ResourceTemplate::new(format!("s3://{name}/{{+key}}"), name);
            template.description = Some(buckets.about(name));
            template
        });
        names.collect()
    }

    /// One page of what can be read. The cursor tells the bucket, the folder and the store's own place in it.
    pub(super) async fn list(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
    ) -> Result<ListResourcesResult, ToolsError> {
        let nothing = ListResourcesResult::with_all_items(Vec::new());
        let Some(buckets) = self.buckets.load_full() else { return Ok(nothing) };
        if !self.may(LISTING, caller) {
            return Ok(nothing);
        }
        let folders: Vec<(&str, &str)> = buckets.folders().collect();
        let (turn, page_token) = place(cursor, folders.len())?;
        let Some((name, folder)) = folders.get(turn) else { return Ok(nothing) };
        let options = ListOptions { page_size: PAGE, page_token, ..ListOptions::prefix(*folder) };
        let page = buckets.get(name)?.objects.list(options).await.map_err(ToolsError::inner)?;
        let shown = page.items.iter().map(|object| {
            let mut resource = Resource::new(format!("s3://{name}/{}", object.key), object.key.as_str());
            resource.size = Some(object.size);
            resource
        });
        let mut list = ListResourcesResult::with_all_items(shown.collect());
        list.next_cursor = match page.next {
            Some(next) => Some(format!("{turn}:{next}")),
            None => (turn + 1 < folders.len()).then(|| format!("{}:", turn + 1)),
        };
        Ok(list)
    }

    /// Reads one.
    pub(super) async fn read(&self, caller: &Caller, uri: &str) -> Result<ReadResourceResult, ToolsError> {
        let missing = || ToolsError::NotFound { name: "resource of this URI".to_owned() };
        let (objects, key) = match Place::of(uri)? {
            Place::Object { bucket, key } => {
                let buckets =
                    self.buckets.load_full().filter(|_| self.may(READING, caller)).ok_or_else(missing)?;
                let bucket = buckets.get(&bucket)?;
                (Arc::clone(&bucket.objects), bucket.readable(&key)?)
            }
            Place::Answer { key } => {
                // Another caller's answer is one that is not there.
                let own = key.starts_with(&Overflow::folder(&caller.principal));
                let answers = self.answers.clone().filter(|_| own).ok_or_else(missing)?;
                (answers, Key::new(key).map_err(ToolsError::inner)?)
            }
        };
        let object = objects.get(&key, GetOptions::default()).await.map_err(ToolsError::inner)?;
        let media_type = object.info.attributes.content_type.clone();
        let bytes = object.bytes(MAX_READ).await.map_err(ToolsError::inner)?;
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        Ok(ReadResourceResult::new(vec![contents(uri.to_owned(), media_type, &bytes)]))
    }

    /// Whether a caller may use the tool that does the same: what a key may not call it may not read either.
    fn may(&self, tool: &str, caller: &Caller) -> bool {
        self.registry.get(tool, caller).is_ok()
    }
}

/// Which folder of all, and the store's token within.
fn place(cursor: Option<&str>, folders: usize) -> Result<(usize, Option<String>), ToolsError> {
    let Some(cursor) = cursor else { return Ok((0, None)) };
    let parsed = cursor.split_once(':').and_then(|(turn, token)| Some((turn.parse().ok()?, token)));
    match parsed {
        Some((turn, token)) if turn < folders => Ok((turn, (!token.is_empty()).then(|| token.to_owned()))),
        _ => Err(ToolsError::invalid(vec![Violation::new(
            "cursor",
            "is not one that a list gave; start without one",
        )])),
    }
}
