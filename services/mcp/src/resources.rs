//! What can be read by its URI, as agents know it.
//!
//! [`Resources`] is the port: the objects of the configured buckets stand behind it, and each caller's own large answers.
//! It must not know the protocol.

mod answers;
mod cursor;
mod uri;

use async_trait::async_trait;
use tools::{Call, Caller, Content, Link, ToolsError};

pub(crate) use self::answers::Answers;
pub(crate) use self::{cursor::Cursor, uri::Place};

/// The most bytes that one read hands over: a resource has no ranges, and `s3_get` has.
pub(crate) const MAX_READ: usize = 4 << 20;

/// Where resources come from. A [`Call`] carries who asks; its arguments have no meaning here.
#[async_trait]
pub trait Resources: Send + Sync + 'static {
    /// How the URIs are made that this caller may read.
    fn templates(&self, caller: &Caller) -> Vec<Template>;

    /// One page of what there is, from where the page before has ended.
    async fn list(&self, call: Call, from: Option<&str>) -> Result<Listing, ToolsError>;

    /// Reads one; `None` where the URI is not one of these.
    async fn read(&self, call: Call, uri: &str) -> Result<Option<Vec<Content>>, ToolsError>;
}

/// How URIs are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The URI, with places as RFC 6570 writes them.
    pub uri: String,
    /// What it is called.
    pub name: String,
    /// What is there, for people and models.
    pub description: Option<String>,
    /// The media type of all, where they have one.
    pub media_type: Option<String>,
}

/// One page of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What is on it.
    pub links: Vec<Link>,
    /// Where the next one begins.
    pub next: Option<String>,
}
