//! Counts gRPC messages in a byte stream, however it is cut into pieces.

const PREFIX: usize = 5;

/// Follows the length prefixes: one byte of flags, four of length, then the message.
#[derive(Default)]
pub(super) struct MessageCounter {
    prefix: [u8; PREFIX],
    prefix_filled: usize,
    payload_left: usize,
    complete: u64,
}

impl MessageCounter {
    /// Takes the next bytes and returns how many messages have ended so far.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        while !bytes.is_empty() {
            if self.prefix_filled < PREFIX {
                let taken = bytes.len().min(PREFIX - self.prefix_filled);
                self.prefix[self.prefix_filled..][..taken].copy_from_slice(&bytes[..taken]);
                self.prefix_filled += taken;
                bytes = &bytes[taken..];
                let [_, length @ ..] = self.prefix;
                self.payload_left = u32::from_be_bytes(length) as usize;
            } else {
                let taken = bytes.len().min(self.payload_left);
                self.payload_left -= taken;
                bytes = &bytes[taken..];
            }
            if self.prefix_filled == PREFIX && self.payload_left == 0 {
                self.prefix_filled = 0;
                self.complete += 1;
            }
        }
        self.complete
    }
}

#[cfg(test)]
mod tests {
    use super::MessageCounter;

    #[test]
    fn counts_the_same_however_the_stream_is_cut() {
        let stream = [&[0, 0, 0, 0, 3, 1, 2, 3][..], &[0, 0, 0, 0, 0], &[1, 0, 0, 1, 0], &[7; 256]].concat();
        for piece in 1..=stream.len() {
            let mut counter = MessageCounter::default();
            let count = stream.chunks(piece).map(|bytes| counter.feed(bytes)).last();
            assert_eq!(count, Some(3), "in pieces of {piece}");
        }
        assert_eq!(MessageCounter::default().feed(&stream[..stream.len() - 1]), 2);
    }
}
