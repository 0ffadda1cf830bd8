//! `PUT /uploads/{upload}`: the input of a job, where the store cannot take it by a URL of its own.
//!
//! An upload is written once. Its key holds its owner's name, so nobody meets another's, whatever they guess.

use artifacts::Upload;
use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use fault::Violation;
use futures::TryStreamExt;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG},
};
use objects::{Attributes, Key, ObjectWriter, Objects, ObjectsError, PutOptions, Stored};

use super::{Refused, Window, caller::Caller, headers};
use crate::{ApiError, convert};

/// The handler.
pub(super) async fn receive(
    State(window): State<Window>,
    caller: Caller,
    named: Result<Path<String>, PathRejection>,
    asked: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let owner = caller.required()?;
    let objects = window.results()?.shelf().objects();
    let key = key(named, owner)?;
    let attributes = Attributes::content_type(content_type(&asked)?);
    let limit = window.arguments.max_upload_bytes;
    refuse_early(objects.as_ref(), &key, &asked, limit).await?;
    let writer =
        objects.write(&key, PutOptions::if_absent().with(attributes)).await.map_err(ApiError::from)?;
    let stored = store(writer, body, limit).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    headers::put(response.headers_mut(), ETAG, &stored.etag.to_string());
    Ok(response)
}

fn key(named: Result<Path<String>, PathRejection>, owner: &str) -> Result<Key, ApiError> {
    let wrong = || ObjectsError::InvalidRequest {
        violations: vec![Violation::new("upload", "expected an id as CreateUploadUrl gives it")],
    };
    let upload = named.ok().and_then(|Path(upload)| Upload::id(&upload));
    Ok(upload.ok_or_else(wrong)?.key(owner)?)
}

fn content_type(asked: &HeaderMap) -> Result<&str, ApiError> {
    // What is no text is refused as a byte that no type has.
    let given = asked.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("\0"));
    Ok(convert::upload_type(given)?)
}

/// Refuses, before any byte is read, what would be refused after the last.
async fn refuse_early(
    objects: &dyn Objects,
    key: &Key,
    asked: &HeaderMap,
    limit: u64,
) -> Result<(), ApiError> {
    let length = asked.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(ApiError::UploadTooLarge { limit });
    }
    match objects.head(key, None).await {
        Ok(_) => Err(ApiError::UploadTaken),
        Err(ObjectsError::NotFound { .. }) => Ok(()),
        Err(problem) => Err(problem.into()),
    }
}

/// Of two who write one upload, the second.
fn taken(problem: ObjectsError) -> ApiError {
    match problem {
        ObjectsError::AlreadyExists { .. } => ApiError::UploadTaken,
        problem => problem.into(),
    }
}

/// Passes the bytes on as they come. What does not come whole, or is too large, leaves nothing behind.
async fn store(mut writer: ObjectWriter, body: Body, limit: u64) -> Result<Stored, ApiError> {
    let mut bytes = body.into_data_stream();
    let mut left = limit;
    loop {
        let next = bytes.try_next().await.map_err(|cut| ApiError::upload_cut(cut.into()));
        let part = match next {
            Ok(None) => return writer.finish().await.map_err(taken),
            Ok(Some(part)) => part,
            Err(problem) => {
                writer.abort().await;
                return Err(problem);
            }
        };
        let Some(rest) = left.checked_sub(part.len() as u64) else {
            writer.abort().await;
            return Err(ApiError::UploadTooLarge { limit });
        };
        left = rest;
        writer.write(part).await?;
    }
}
