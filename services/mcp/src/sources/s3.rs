//! Tools over buckets: list, stat, get, put and presign, each within the folders that configuration allows.

mod buckets;
mod get;
mod list;
mod presign;
mod put;
mod resources;
mod stat;

use std::sync::Arc;

use fault::Kind;
use objects::ObjectsError;
use serde_json::{Value, json};
use tools::{Output, ToolsError};

pub(crate) use self::{buckets::Buckets, resources::ObjectResources};
use super::Offer;
use crate::{McpError, config::S3Config};

const UPSTREAM: &str = "s3";

/// The tools over these buckets.
pub(crate) async fn offers(config: &S3Config) -> Result<(Arc<Buckets>, Vec<Offer>), McpError> {
    let buckets = Arc::new(Buckets::open(config).await?);
    let mut offers = vec![
        list::offer(&buckets, config)?,
        stat::offer(&buckets, config)?,
        get::offer(&buckets, config)?,
        presign::offer(&buckets, config)?,
    ];
    if buckets.take_objects() {
        offers.push(put::offer(&buckets, config)?);
    }
    Ok((buckets, offers))
}

/// The schema of the argument `bucket`, out of those that fit.
fn bucket_schema<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": names.collect::<Vec<_>>(), "description": "Which bucket."})
}

fn key_schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 1024, "description": "The object's key."})
}

/// What store and caller can mend is told to the caller as an answer; the rest is an error.
fn told(error: ObjectsError) -> Result<Output, ToolsError> {
    use fault::Fault;
    match error.kind() {
        Kind::NotFound | Kind::AlreadyExists | Kind::FailedPrecondition | Kind::Unimplemented => {
            Ok(Output::refusal(error.public_message()))
        }
        _ => Err(ToolsError::inner(error)),
    }
}

/// A moment as RFC 3339 writes it.
fn moment(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| time.to_string()).unwrap_or_default()
}
