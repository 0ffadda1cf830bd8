//! What is in the bucket.

use aws_sdk_s3::types::Object;

use super::{
    Bucket,
    get::time,
    trouble::{Answer, LIST},
};
use crate::{ETag, ListOptions, Listed, ObjectsError, Page};

/// One page. Keys that we would not take, such as the markers that consoles make for folders, are left out.
pub(super) async fn list(bucket: &Bucket, options: ListOptions) -> Result<Page<Listed>, ObjectsError> {
    let size = options.check()?;
    let resumed = options.page_token.is_some();
    let request = bucket
        .client
        .list_objects_v2()
        .bucket(bucket.name())
        .prefix(format!("{}{}", bucket.settings.prefix, options.prefix))
        .max_keys(size as i32)
        .set_delimiter(options.by_folder.then(|| "/".to_owned()))
        .set_continuation_token(options.page_token);
    let output = match request.send().await {
        Ok(output) => output,
        Err(error) => {
            let bad_token = resumed && Answer::of(&error).code == "InvalidArgument";
            return Err(if bad_token { wrong_token() } else { bucket.explain(LIST, None, error) });
        }
    };
    let folders = output.common_prefixes().iter().filter_map(|it| it.prefix());
    let folders = folders.filter_map(|it| it.strip_prefix(&bucket.settings.prefix));
    Ok(Page {
        items: output.contents().iter().filter_map(|object| listed(bucket, object)).collect(),
        folders: folders.map(str::to_owned).collect(),
        next: output.next_continuation_token().map(str::to_owned),
    })
}

pub(super) fn wrong_token() -> ObjectsError {
    ObjectsError::invalid("page_token", "expected `next` of the page before")
}

fn listed(bucket: &Bucket, object: &Object) -> Option<Listed> {
    Some(Listed {
        key: bucket.own_key(object.key()?)?,
        size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        etag: object.e_tag().and_then(ETag::parse),
        modified: time(object.last_modified()),
    })
}
