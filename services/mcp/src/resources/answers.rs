//! Each caller's own answers that were too large to be handed over.

use std::sync::Arc;

use async_trait::async_trait;
use objects::{GetOptions, Key, Object, Objects, ObjectsError};
use tools::{Call, Caller, Content, Overflow, ToolsError};

use super::{Listing, MAX_READ, Place, Resources, Template};

/// The answers in this store. Clones are the same.
#[derive(Clone)]
pub(crate) struct Answers(Arc<dyn Objects>);

impl Answers {
    pub(crate) fn new(objects: Arc<dyn Objects>) -> Self {
        Self(objects)
    }

    /// Opens a caller's answer of this name, whatever its size. Another caller's is one that is not there.
    pub(crate) async fn open(&self, caller: &Caller, name: &str) -> Result<Object, ToolsError> {
        let key = format!("{}{name}", Overflow::folder(&caller.principal));
        // What no key can be lies nowhere.
        let Ok(key) = Key::new(key) else { return Err(ToolsError::NothingThere) };
        self.0.get(&key, GetOptions::default()).await.map_err(|error| match error {
            ObjectsError::NotFound { .. } => ToolsError::NothingThere,
            other => ToolsError::inner(other),
        })
    }
}

#[async_trait]
impl Resources for Answers {
    /// Nobody makes such a URI: a tool has answered with it.
    fn templates(&self, _caller: &Caller) -> Vec<Template> {
        Vec::new()
    }

    async fn list(&self, _call: Call, _from: Option<&str>) -> Result<Listing, ToolsError> {
        Ok(Listing::default())
    }

    async fn read(&self, call: Call, uri: &str) -> Result<Option<Vec<Content>>, ToolsError> {
        let Ok(Place::Answer { key }) = Place::of(uri) else { return Ok(None) };
        // Another caller's answer is one that is not there.
        let Some(name) = key.strip_prefix(&Overflow::folder(&call.caller.principal)) else { return Ok(None) };
        let object = self.open(&call.caller, name).await?;
        let media_type = object.info.attributes.content_type.clone();
        let data = object.bytes(MAX_READ as u64).await.map_err(ToolsError::inner)?;
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        Ok(Some(vec![Content::Resource { uri: uri.to_owned(), media_type, data }]))
    }
}
