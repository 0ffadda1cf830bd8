//! What follows a job: another job, made in the very step that ends it.
//!
//! Whoever waits for an end and asks for it can miss it, and whoever is told of it by the worker is not told when the worker
//! dies first. A sequel is neither: the queue itself enqueues it, once for each end and whichever way that came. A dead job
//! that is requeued has another end, and so another sequel.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    JobId, JobsError, Name, Payload, State,
    wire::{decode_body, encode_body},
};

/// The largest payload of a sequel, in bytes. It stands in the job's own record, which lists read as a whole.
pub(crate) const LARGEST: usize = 4 * 1024;

/// A job that is enqueued when another one ends, in the same tenant and at normal priority. No depth refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequel {
    /// Which handler.
    pub kind: Name,
    /// What to work on, at most 4 KiB. Which job has ended is told beside it, as its [`Origin`].
    pub payload: Vec<u8>,
    /// Words for the handler; at most 8 KiB in all.
    pub headers: BTreeMap<String, String>,
}

/// The end that a job is the sequel of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The job that ended.
    pub id: JobId,
    /// How.
    pub state: State,
    /// When.
    pub ended: Timestamp,
}

impl Sequel {
    /// As it is stored, apart from its kind: the body of the job to come.
    pub(crate) fn encode(&self) -> Vec<u8> {
        encode_body(&Payload::Inline(self.payload.clone()), &self.headers)
    }

    pub(crate) fn decode(kind: &str, body: &[u8]) -> Result<Self, JobsError> {
        match decode_body(body)? {
            (Payload::Inline(payload), headers) => {
                Ok(Self { kind: Name::new("kind", kind)?, payload, headers })
            }
            (Payload::Reference(_), _) => Err(JobsError::Corrupt { what: "the sequel of a job" }),
        }
    }
}

impl Origin {
    /// Reads `id state time`, as the scripts write it.
    pub(crate) fn parse(text: &str, shard: u8) -> Result<Self, JobsError> {
        let corrupt = || JobsError::Corrupt { what: "the origin of a job" };
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or_else(corrupt);
        let (id, state, ended) = (next()?, next()?, next()?);
        Ok(Self {
            id: format!("{id}{shard:02x}").parse()?,
            state: State::parse(state).ok_or_else(corrupt)?,
            ended: ended
                .parse()
                .ok()
                .and_then(|at| Timestamp::from_millisecond(at).ok())
                .ok_or_else(corrupt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Origin, Sequel};
    use crate::{Name, State};

    #[test]
    fn a_sequel_is_read_as_it_was_written() {
        let headers = BTreeMap::from([("principal".to_owned(), "team-a".to_owned())]);
        let sequel = Sequel { kind: Name::new("kind", "webhook").unwrap(), payload: vec![0, 255], headers };
        assert_eq!(Sequel::decode("webhook", &sequel.encode()).unwrap(), sequel);
        assert!(Sequel::decode("webhook", b"x").is_err());
    }

    #[test]
    fn an_origin_is_read_and_a_broken_one_is_refused() {
        let id = "0".repeat(32);
        let origin = Origin::parse(&format!("{id} dead 1700000000000"), 7).unwrap();
        assert_eq!((origin.id.to_string(), origin.state), (format!("{id}07"), State::Dead));
        for wrong in ["", &id, &format!("{id} dead"), &format!("{id} odd 1"), &format!("{id} dead x")] {
            assert!(Origin::parse(wrong, 0).is_err(), "{wrong}");
        }
    }
}
