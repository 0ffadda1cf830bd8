//! Bytes as they are stored: fields with their length before them.

use std::collections::BTreeMap;

use crate::{JobsError, Payload};

/// Appends fields.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn put(&mut self, field: &[u8]) -> &mut Self {
        self.0.reserve(4 + field.len());
        self.0.extend_from_slice(&(field.len() as u32).to_le_bytes());
        self.0.extend_from_slice(field);
        self
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Takes fields off in the same order; every method answers `Corrupt` where bytes are missing.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(crate) fn take(&mut self) -> Result<&'a [u8], JobsError> {
        let split = self
            .rest
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
        let (field, rest) = split.ok_or_else(|| self.corrupt())?;
        self.rest = rest;
        Ok(field)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, JobsError> {
        let field = self.take()?;
        std::str::from_utf8(field).map_err(|_invalid| self.corrupt())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn corrupt(&self) -> JobsError {
        JobsError::Corrupt { what: self.what }
    }
}

/// A job's payload and headers in one value, which a claim reads and nothing else does.
pub(crate) fn encode_body(payload: &Payload, headers: &BTreeMap<String, String>) -> Vec<u8> {
    let mut body = Writer::default();
    match payload {
        Payload::Inline(bytes) => body.put(b"i").put(bytes),
        Payload::Reference(key) => body.put(b"r").put(key.as_bytes()),
    };
    for (name, value) in headers {
        body.put(name.as_bytes()).put(value.as_bytes());
    }
    body.into_bytes()
}

pub(crate) fn decode_body(bytes: &[u8]) -> Result<(Payload, BTreeMap<String, String>), JobsError> {
    let mut body = Reader::new(bytes, "a job's payload");
    let payload = match body.take()? {
        b"i" => Payload::Inline(body.take()?.to_vec()),
        b"r" => Payload::Reference(body.text()?.to_owned()),
        _ => return Err(body.corrupt()),
    };
    let mut headers = BTreeMap::new();
    while !body.is_empty() {
        headers.insert(body.text()?.to_owned(), body.text()?.to_owned());
    }
    Ok((payload, headers))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{decode_body, encode_body};
    use crate::Payload;

    #[test]
    fn a_body_is_read_as_it_was_written_and_a_broken_one_is_refused() {
        let headers = BTreeMap::from([("traceparent".to_owned(), "00-1".to_owned())]);
        for payload in [Payload::Inline(vec![0, 255]), Payload::Reference("k".to_owned())] {
            let bytes = encode_body(&payload, &headers);
            assert_eq!(decode_body(&bytes).unwrap(), (payload, headers.clone()));
            for end in 0..bytes.len() {
                // What ends between two fields is shorter, not broken.
                let read = decode_body(&bytes[..end]);
                assert!(read.is_err() || read.unwrap().1.is_empty(), "{end}");
            }
        }
    }
}
