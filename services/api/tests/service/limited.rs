//! What tests of limits stand on: a table of limits in a file, and a look at what is left.

use std::{fs, time::Duration};

use proto::inference::v1::{CountTokensRequest, GenerateTextRequest};
use tempfile::NamedTempFile;
use tokio::time::timeout;
use tonic::{Status, metadata::MetadataMap};
use tonic_types::StatusExt;

use crate::{
    scripted::Script,
    stand::{Stand, ask, keyed},
};

/// Api in front of llm-inference, held to a table of limits.
pub(crate) struct Limited {
    pub(crate) stand: Stand,
    _table: NamedTempFile,
}

impl Limited {
    pub(crate) async fn new(script: Script, table: &str) -> Self {
        Self::with(script, table, &[]).await
    }

    pub(crate) async fn with(script: Script, table: &str, flags: &[&str]) -> Self {
        let file = file(table);
        let path = file.path().to_str().unwrap();
        let stand = Stand::with(script, &[&["--limits-file", path], flags].concat()).await;
        Self { stand, _table: file }
    }

    /// What is left of the caller's tokens.
    pub(crate) async fn tokens_left(&self) -> u64 {
        let count = CountTokensRequest { model: "stub".into(), prompt: "a".into(), ..Default::default() };
        let answer = self.stand.client().count_tokens(keyed(count)).await;
        let told = answer.map_or_else(|refused| refused.metadata().clone(), |told| told.metadata().clone());
        number(&told, "x-ratelimit-remaining-tokens")
    }

    /// Waits until so many tokens are left: what a call did not use comes back a moment after its end.
    pub(crate) async fn until_left(&self, tokens: u64) {
        let mut left = 0;
        let reached = timeout(Duration::from_secs(30), async {
            while left != tokens {
                left = self.tokens_left().await;
            }
        });
        assert!(reached.await.is_ok(), "{left} tokens are left, not {tokens}");
    }
}

/// A file with these limits.
pub(crate) fn file(table: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), table).unwrap();
    file
}

/// A request that may generate so many tokens. It has 3 in its prompt, and 12 at most.
pub(crate) fn ask_for(max_tokens: u32) -> GenerateTextRequest {
    GenerateTextRequest { max_tokens, ..ask() }
}

/// One of the headers that are numbers.
pub(crate) fn number(headers: &MetadataMap, name: &str) -> u64 {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name}: {headers:?}"));
    value.to_str().unwrap().parse().unwrap()
}

/// What was counted where no room was left.
pub(crate) fn subjects(refused: &Status) -> Vec<String> {
    let full = refused.get_details_quota_failure().unwrap_or_else(|| panic!("no QuotaFailure: {refused:?}"));
    full.violations.into_iter().map(|violation| violation.subject).collect()
}
