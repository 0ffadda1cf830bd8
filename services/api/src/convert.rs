//! Messages of the contract as types that cannot be wrong, and back.

mod artifact;
mod draft;
mod findings;
mod job;
mod key;
mod name;
mod time;
mod watch;
mod webhook;
mod work;

pub(crate) use artifact::{artifact, download_answer, upload_answer, upload_type};
pub(crate) use draft::draft;
pub(crate) use job::{dead_query, job, query};
pub(crate) use key::{check_owner, in_request, key, key_name, new_key};
pub(crate) use name::{artifact_name, job_name};
pub(crate) use time::lifetime;
pub(crate) use watch::{beat, event, missed, tells_of_job};
