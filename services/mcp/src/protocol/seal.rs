//! Keeps what tools have to find again from being changed by those who carry it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use objects::{GetOptions, Key, Objects, ObjectsError, PutOptions};
use rmcp::{
    ErrorData,
    model::{RequestStateCodec, SealOptions},
};

use crate::McpError;

/// Where replicas share the key.
const KEY: &str = "mcp/state-key";
const KEY_BYTES: usize = 32;
/// How long somebody may think about what they were asked.
const VALID_FOR: Duration = Duration::from_hours(1);

/// What is sealed for one topic opens for no other, and nowhere else.
pub(super) struct Seal(RequestStateCodec);

impl Seal {
    /// With the key that lies in the store, made by whoever comes first: any replica opens what any other has sealed.
    /// Without a store it is a key of this process.
    pub(super) async fn open(objects: Option<&Arc<dyn Objects>>) -> Result<Self, McpError> {
        let fresh: [u8; KEY_BYTES] = rand::random();
        let key = match objects {
            Some(objects) => shared(objects.as_ref(), Bytes::copy_from_slice(&fresh)).await?,
            None => Bytes::copy_from_slice(&fresh),
        };
        let codec = RequestStateCodec::try_new(key.to_vec());
        codec
            .map(Self)
            .map_err(|_| McpError::Config(format!("{KEY} in the object store is no key: delete it")))
    }

    pub(super) fn close(&self, topic: &str, state: &str) -> String {
        let options = SealOptions::new().associated_data(topic.as_bytes()).ttl(VALID_FOR);
        self.0.seal_with(state.as_bytes(), &options)
    }

    /// Opens what was sealed for this topic.
    pub(super) fn reopen(&self, topic: &str, sealed: &str) -> Result<String, ErrorData> {
        let opened = self.0.open_with(sealed, topic.as_bytes()).ok();
        opened.and_then(|state| String::from_utf8(state).ok()).ok_or_else(|| {
            ErrorData::invalid_params("requestState is not as it was given, or too old: call anew", None)
        })
    }
}

async fn shared(objects: &dyn Objects, fresh: Bytes) -> Result<Bytes, ObjectsError> {
    let key = Key::new(KEY)?;
    match read(objects, &key).await {
        Err(ObjectsError::NotFound { .. }) => {}
        read => return read,
    }
    match objects.put(&key, fresh.clone(), PutOptions::if_absent()).await {
        Ok(_) => Ok(fresh),
        // Another replica was faster.
        Err(ObjectsError::AlreadyExists { .. } | ObjectsError::Conflict { .. }) => read(objects, &key).await,
        Err(error) => Err(error),
    }
}

async fn read(objects: &dyn Objects, key: &Key) -> Result<Bytes, ObjectsError> {
    objects.get(key, GetOptions::default()).await?.bytes(KEY_BYTES as u64).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use objects::{Folder, Objects};

    use super::Seal;

    #[tokio::test]
    async fn any_replica_opens_what_another_has_sealed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).await.unwrap());
        let one = Seal::open(Some(&store)).await.unwrap();
        let other = Seal::open(Some(&store)).await.unwrap();
        let stranger = Seal::open(None).await.unwrap();
        let sealed = one.close("ann/tool", "step 2");
        assert_eq!(other.reopen("ann/tool", &sealed).unwrap(), "step 2");
        assert!(other.reopen("bob/tool", &sealed).is_err());
        assert!(stranger.reopen("ann/tool", &sealed).is_err());
        for wrong in [sealed.replace('.', "x"), format!("{sealed}x"), String::new()] {
            assert!(one.reopen("ann/tool", &wrong).is_err(), "{wrong}");
        }
    }
}
