//! Checksums of whole objects, computed while their bytes pass.

use std::fmt;

use aws_smithy_checksums::{Checksum, ChecksumAlgorithm, http::HttpChecksum};
use aws_smithy_types::base64;
use bytes::Bytes;

/// What every object is written with: the only strong checksum that S3 keeps for a whole multipart object.
const WRITTEN: ChecksumAlgorithm = ChecksumAlgorithm::Crc64Nvme;

/// A checksum that is being computed.
pub(crate) struct Running(Box<dyn HttpChecksum>);

impl Running {
    /// CRC64-NVME.
    pub(crate) fn new() -> Self {
        Self(WRITTEN.into_impl())
    }

    /// The CRC64-NVME of bytes that are all here, as S3 writes it.
    pub(crate) fn base64_of(bytes: &[u8]) -> String {
        let mut running = Self::new();
        running.update(bytes);
        base64::encode(running.finish())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.finalize()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Running").field(&self.0.header_name()).finish()
    }
}

/// A checksum that is being computed, and what it should come to.
#[derive(Debug)]
pub(crate) struct Expected {
    running: Running,
    value: Bytes,
}

impl Expected {
    /// What an object should come to by its CRC64-NVME.
    pub(crate) fn crc64(value: Bytes) -> Self {
        Self { running: Running::new(), value }
    }

    /// What an object should come to by an algorithm of S3; `None` for one that is not known, and for a value of
    /// another length: some stand-ins tell a shorter checksum under the name of a longer one.
    pub(crate) fn named(algorithm: &str, value: Bytes) -> Option<Self> {
        let algorithm: ChecksumAlgorithm = algorithm.parse().ok()?;
        let running = Running(algorithm.into_impl());
        let fits = Checksum::size(running.0.as_ref()) == value.len() as u64;
        fits.then_some(Self { running, value })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.running.update(bytes);
    }

    /// Whether all bytes together are the right ones.
    pub(crate) fn holds(self) -> bool {
        self.running.finish() == self.value
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Expected, Running};

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        // The check value that the catalogue of CRC algorithms gives for CRC-64/NVME.
        let mut running = Running::new();
        running.update(b"12345");
        running.update(b"6789");
        assert_eq!(running.finish(), 0xae8b_1486_0a79_9888_u64.to_be_bytes().as_slice());
    }

    #[test]
    fn one_wrong_bit_is_seen() {
        let value = Bytes::copy_from_slice(&0xae8b_1486_0a79_9888_u64.to_be_bytes());
        for (text, holds) in [(b"123456789", true), (b"123456788", false)] {
            let mut expected = Expected::named("CRC64NVME", value.clone()).unwrap();
            expected.update(text);
            assert_eq!(expected.holds(), holds);
        }
        assert!(Expected::named("CRC7", value.clone()).is_none());
        assert!(Expected::named("CRC64NVME", value.slice(..4)).is_none());
    }
}
