//! Bytes into characters, as they come.

/// The beginning of a character whose rest has not come yet: at most 3 bytes.
#[derive(Default)]
pub(super) struct Characters {
    incomplete: Vec<u8>,
}

impl Characters {
    /// Appends to `text` every character that `bytes` complete; invalid bytes become U+FFFD, one for each sequence
    /// that [`String::from_utf8_lossy`] would replace in the whole.
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut String) {
        self.incomplete.extend_from_slice(bytes);
        let mut rest = self.incomplete.as_slice();
        while let Some(chunk) = rest.utf8_chunks().next() {
            text.push_str(chunk.valid());
            rest = &rest[chunk.valid().len()..];
            // Without an error length the bytes are not wrong, only too few.
            let unfinished = std::str::from_utf8(rest).is_err_and(|error| error.error_len().is_none());
            if rest.is_empty() || (unfinished && chunk.invalid().len() == rest.len()) {
                break;
            }
            text.push(char::REPLACEMENT_CHARACTER);
            rest = &rest[chunk.invalid().len()..];
        }
        let kept = rest.len();
        self.incomplete.drain(..self.incomplete.len() - kept);
    }

    /// Ends the text: an unfinished character becomes U+FFFD.
    pub(super) fn finish(&mut self, text: &mut String) {
        text.push_str(&String::from_utf8_lossy(&self.incomplete));
        self.incomplete.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Characters;

    /// Bytes that meet the interesting cases often: beginnings of 2, 3 and 4 byte sequences, continuations, ASCII.
    fn bytes() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let byte = prop_oneof![
            Just(b'a'),
            0x80..=0xbf_u8,
            Just(0xc3),
            Just(0xe2),
            Just(0xed),
            Just(0xf0),
            Just(0xf4),
            any::<u8>(),
        ];
        prop::collection::vec(prop::collection::vec(byte, 0..6), 0..12)
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(pieces in bytes()) {
            let (mut characters, mut text) = (Characters::default(), String::new());
            for piece in &pieces {
                characters.push(piece, &mut text);
                prop_assert!(characters.incomplete.len() < 4);
            }
            characters.finish(&mut text);
            prop_assert_eq!(text, String::from_utf8_lossy(&pieces.concat()).into_owned());
        }
    }
}
