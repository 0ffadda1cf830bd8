//! `/generated/{job}/{artifact}`: the bytes of what a job made.
//!
//! They go from the store to the reader as the reader takes them; nothing is gathered here.

use std::time::{Duration, SystemTime};

use artifacts::{ArtifactName, ArtifactsError};
use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use fault::{Fault, Kind};
use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, LAST_MODIFIED, LOCATION},
};
use jobs::JobId;
use objects::{ETag, GetOptions, ObjectsError};

use super::{
    Delivery, Refused, Window,
    caller::Caller,
    conditions::{Wanted, asks_for_dates},
    headers,
    whole::sound,
};
use crate::{
    ApiError,
    results::{Found, Results},
};

/// How long a redirect's URL is good for: as long as it takes to follow it.
const REDIRECT: Duration = Duration::from_mins(5);

/// The two names in the path, decoded.
type Named = Result<Path<(String, String)>, PathRejection>;

/// `GET`.
pub(super) async fn read(
    State(window): State<Window>,
    caller: Caller,
    named: Named,
    asked: HeaderMap,
) -> Result<Response, Refused> {
    let found = find(&window, &caller, named).await?;
    let wanted = wanted(&window, &found, &asked).await?;
    if let Some(short) = without_content(&found, wanted) {
        return Ok(short);
    }
    if wanted == Wanted::Beyond {
        return Err(beyond(&found).into());
    }
    Ok(match redirect(&window, &found).await? {
        Some(elsewhere) => elsewhere,
        None => send(window.results()?, &found, wanted).await?,
    })
}

/// `HEAD`: what `GET` of the whole would tell.
pub(super) async fn describe(
    State(window): State<Window>,
    caller: Caller,
    named: Named,
    asked: HeaderMap,
) -> Result<Response, Refused> {
    let found = find(&window, &caller, named).await?;
    if let Some(short) = without_content(&found, wanted(&window, &found, &asked).await?) {
        return Ok(short);
    }
    let info = window.results()?.describe(&found).await?;
    Ok(answer(StatusCode::OK, with_size(&found, info.modified, info.size), Body::empty()))
}

/// What a request wants. The store is asked for the artifact's date only where that can matter.
async fn wanted(window: &Window, found: &Found, asked: &HeaderMap) -> Result<Wanted, ApiError> {
    let modified =
        if asks_for_dates(asked) { Some(window.results()?.describe(found).await?.modified) } else { None };
    Ok(Wanted::of(asked, &found.artifact, modified))
}

/// The answer where the content itself is not wanted.
fn without_content(found: &Found, wanted: Wanted) -> Option<Response> {
    let status = match wanted {
        Wanted::Changed => StatusCode::PRECONDITION_FAILED,
        Wanted::NotModified => StatusCode::NOT_MODIFIED,
        Wanted::Whole | Wanted::Part(_) | Wanted::Beyond => return None,
    };
    Some(answer(status, headers::validators(found), Body::empty()))
}

/// The artifact, if this caller may read it.
async fn find(window: &Window, caller: &Caller, named: Named) -> Result<Found, ApiError> {
    let results = window.results()?;
    let found = match parsed(named) {
        Some((id, name)) => results.readable(caller.name(), id, &name).await,
        None => Err(ArtifactsError::NotFound.into()),
    };
    found.map_err(|error| if error.kind() == Kind::NotFound { caller.denied(error) } else { error })
}

/// Names that could not be any are those of nothing.
fn parsed(named: Named) -> Option<(JobId, ArtifactName)> {
    let Path((job, artifact)) = named.ok()?;
    Some((job.parse().ok()?, ArtifactName::new(artifact).ok()?))
}

fn beyond(found: &Found) -> ApiError {
    ObjectsError::RangeNotSatisfiable { size: found.artifact.bytes }.into()
}

/// Where the store itself hands it out, if that is wanted and can be.
async fn redirect(window: &Window, found: &Found) -> Result<Option<Response>, ApiError> {
    if window.arguments.artifacts == Delivery::Stream {
        return Ok(None);
    }
    match window.results()?.download_url(found, REDIRECT).await {
        Ok(signed) => {
            let mut told = HeaderMap::new();
            headers::put(&mut told, LOCATION, &signed.url);
            // The URL is a key of its own, and ends soon.
            headers::put(&mut told, CACHE_CONTROL, "private, no-store");
            Ok(Some(answer(StatusCode::TEMPORARY_REDIRECT, told, Body::empty())))
        }
        Err(cannot) if cannot.kind() == Kind::Unimplemented => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn send(results: &Results, found: &Found, wanted: Wanted) -> Result<Response, ApiError> {
    let range = match wanted {
        Wanted::Part(range) => Some(range),
        _ => None,
    };
    // The content that the headers speak of, and no other.
    let if_match = ETag::parse(&found.artifact.etag);
    let object = results.open(found, GetOptions { range, if_match, ..GetOptions::default() }).await?;
    let (part, size) = (object.range.clone(), object.info.size);
    let mut told = with_size(found, object.info.modified, part.end - part.start);
    let status = if range.is_some() {
        let place = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
        headers::put(&mut told, CONTENT_RANGE, &place);
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    Ok(answer(status, told, sound(object).await?))
}

fn with_size(found: &Found, modified: SystemTime, size: u64) -> HeaderMap {
    let mut told = headers::content(found);
    told.insert(CONTENT_LENGTH, size.into());
    headers::put(&mut told, LAST_MODIFIED, &httpdate::fmt_http_date(modified));
    told
}

fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
