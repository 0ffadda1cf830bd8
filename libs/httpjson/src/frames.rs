//! gRPC's frames: a flag, a length and a message.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use transcoding::TranscodingError;

/// A flag and four bytes of length.
const PREFIX: usize = 5;

/// A message in its frame.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    // A request is no larger than its JSON, whose limit nobody sets to 4 GiB.
    frame.put_u32(message.len() as u32);
    frame.put_slice(message);
    frame.freeze()
}

/// An answer that cannot be told.
pub(crate) fn unfit(problem: impl Into<String>) -> TranscodingError {
    TranscodingError::Answer { problem: problem.into() }
}

/// Takes messages out of what comes.
pub(crate) struct Frames {
    read: BytesMut,
    limit: usize,
}

impl Frames {
    /// Messages may have this many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { read: BytesMut::new(), limit }
    }

    /// Takes in what came.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.read.extend_from_slice(data);
    }

    /// The next message that is there as a whole.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, TranscodingError> {
        let Some((mut prefix, _)) = self.read.split_at_checked(PREFIX) else { return Ok(None) };
        if prefix.get_u8() != 0 {
            return Err(unfit("a message is compressed"));
        }
        let length = prefix.get_u32() as usize;
        if length > self.limit {
            return Err(unfit(format!("a message is larger than {} bytes", self.limit)));
        }
        if self.read.len() < PREFIX + length {
            return Ok(None);
        }
        self.read.advance(PREFIX);
        Ok(Some(self.read.split_to(length).freeze()))
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    fn frame(flag: u8, length: u32, message: &[u8]) -> Vec<u8> {
        [&[flag][..], &length.to_be_bytes(), message].concat()
    }

    #[test]
    fn messages_come_out_wherever_they_were_cut() {
        let whole = [frame(0, 2, b"ab"), frame(0, 0, b""), frame(0, 3, b"cde")].concat();
        for cut in 0..=whole.len() {
            let mut frames = Frames::new(3);
            let mut messages = Vec::new();
            for part in [&whole[..cut], &whole[cut..]] {
                frames.push(part);
                messages.extend(std::iter::from_fn(|| frames.next().unwrap()));
            }
            assert_eq!(messages, [&b"ab"[..], b"", b"cde"], "{cut}");
            assert!(frames.is_empty());
        }
    }

    #[test]
    fn what_is_compressed_too_large_or_cut_off_is_not_a_message() {
        let told = |bytes: Vec<u8>| {
            let mut frames = Frames::new(3);
            frames.push(&bytes);
            frames.next().map_err(|error| error.to_string())
        };
        assert!(told(frame(1, 2, b"ab")).unwrap_err().contains("compressed"));
        assert!(told(frame(0, 4, b"")).unwrap_err().contains("larger than 3"));
        assert!(told(frame(0, u32::MAX, b"")).unwrap_err().contains("larger than 3"));
        assert_eq!(told(frame(0, 3, b"ab")), Ok(None));
        assert_eq!(told(vec![0, 0]), Ok(None));
    }
}
