//! Where records lie.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use objects::{Attributes, Condition, ETag, GetOptions, Key, ListOptions, Objects, ObjectsError, PutOptions};
use tools::ToolsError;

/// The largest record: what is larger belongs into the object store, where `max_answer_bytes` puts it.
pub(super) const LARGEST: usize = 4 << 20;

/// Where records lie: in the store of the service, or in its memory.
pub(in crate::protocol) enum Shelf {
    Stored(Arc<dyn Objects>),
    Memory(Mutex<Memory>),
}

/// Records by their keys, each with the number of the write that has made it.
#[derive(Default)]
pub(in crate::protocol) struct Memory {
    records: BTreeMap<String, (Bytes, u64)>,
    writes: u64,
}

/// How a record was when it was read.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Absent,
    Tag(ETag),
    Write(u64),
}

impl Shelf {
    pub(in crate::protocol) fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<(Bytes, Mark)>, ToolsError> {
        let objects = match self {
            Self::Stored(objects) => objects,
            Self::Memory(memory) => {
                let found = held(memory).records.get(key).cloned();
                return Ok(found.map(|(bytes, write)| (bytes, Mark::Write(write))));
            }
        };
        let object = match objects.get(&key_of(key)?, GetOptions::default()).await {
            Ok(object) => object,
            Err(ObjectsError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(ToolsError::inner(error)),
        };
        let mark = Mark::Tag(object.info.etag.clone());
        let bytes = object.bytes(LARGEST as u64).await.map_err(ToolsError::inner)?;
        Ok(Some((bytes, mark)))
    }

    /// Writes over whatever is there.
    pub(super) async fn write(&self, key: &str, bytes: Bytes) -> Result<(), ToolsError> {
        match self {
            Self::Stored(objects) => put(objects.as_ref(), key, bytes, Condition::Always).await.map(drop),
            Self::Memory(memory) => {
                held(memory).put(key, bytes);
                Ok(())
            }
        }
    }

    /// Writes unless somebody was faster; says whether it did.
    pub(super) async fn replace(&self, key: &str, bytes: Bytes, mark: Mark) -> Result<bool, ToolsError> {
        match self {
            Self::Stored(objects) => {
                let condition = match mark {
                    Mark::Tag(tag) => Condition::IfMatch(tag),
                    Mark::Absent | Mark::Write(_) => Condition::IfAbsent,
                };
                put(objects.as_ref(), key, bytes, condition).await
            }
            Self::Memory(memory) => {
                let mut memory = held(memory);
                let there = memory.records.get(key).map_or(Mark::Absent, |(_, write)| Mark::Write(*write));
                if there != mark {
                    return Ok(false);
                }
                memory.put(key, bytes);
                Ok(true)
            }
        }
    }

    /// The keys that begin like this, with the sizes of what lies there.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, ToolsError> {
        let objects = match self {
            Self::Stored(objects) => objects,
            Self::Memory(memory) => {
                let memory = held(memory);
                let all = memory.records.iter().filter(|(key, _)| key.starts_with(prefix));
                return Ok(all.map(|(key, (bytes, _))| (key.clone(), bytes.len() as u64)).collect());
            }
        };
        let (mut all, mut options) = (Vec::new(), ListOptions::prefix(prefix));
        loop {
            let page = objects.list(options.clone()).await.map_err(ToolsError::inner)?;
            all.extend(page.items.iter().map(|object| (object.key.to_string(), object.size)));
            match page.next {
                Some(next) => options.page_token = Some(next),
                None => return Ok(all),
            }
        }
    }

    pub(super) async fn delete(&self, keys: &[String]) -> Result<(), ToolsError> {
        if keys.is_empty() {
            return Ok(());
        }
        match self {
            Self::Stored(objects) => {
                let keys: Vec<_> = keys.iter().map(|key| key_of(key)).collect::<Result<_, _>>()?;
                objects.delete_many(&keys).await.map_err(ToolsError::inner)
            }
            Self::Memory(memory) => {
                held(memory).records.retain(|key, _| !keys.contains(key));
                Ok(())
            }
        }
    }
}

impl Memory {
    fn put(&mut self, key: &str, bytes: Bytes) {
        self.writes += 1;
        self.records.insert(key.to_owned(), (bytes, self.writes));
    }
}

async fn put(
    objects: &dyn Objects,
    key: &str,
    bytes: Bytes,
    condition: Condition,
) -> Result<bool, ToolsError> {
    let options = PutOptions { condition, attributes: Attributes::content_type("application/json") };
    match objects.put(&key_of(key)?, bytes, options).await {
        Ok(_) => Ok(true),
        Err(
            ObjectsError::AlreadyExists { .. }
            | ObjectsError::Conflict { .. }
            | ObjectsError::NotFound { .. },
        ) => Ok(false),
        Err(error) => Err(ToolsError::inner(error)),
    }
}

fn key_of(key: &str) -> Result<Key, ToolsError> {
    Key::new(key).map_err(ToolsError::inner)
}

fn held(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
