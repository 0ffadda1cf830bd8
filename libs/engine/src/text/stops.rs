//! Stop strings, wherever the borders of tokens fall.
//!
//! The text ends at the stop string that is complete first, character by character; of several that are complete at
//! the same character, at the longest. So the result does not depend on how the text was cut into tokens.

/// Looks for stop strings in a text that comes in pieces.
pub(super) struct Stops {
    strings: Vec<String>,
    /// The end of the text so far that may yet turn out to be the beginning of a stop string.
    held: String,
}

impl Stops {
    pub(super) fn new(strings: Vec<String>) -> Self {
        Self { strings, held: String::new() }
    }

    /// Appends `piece`; returns the text that is certain now, and the stop string if one is complete (then the text
    /// is what stands before it).
    pub(super) fn push(&mut self, piece: &str) -> (String, Option<String>) {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        if let Some((start, stop)) = self.first(&text) {
            let stop = stop.to_string();
            text.truncate(start);
            return (text, Some(stop));
        }
        self.held = text.split_off(text.len() - self.longest_beginning(&text));
        (text, None)
    }

    /// What is held back, because the text has ended.
    pub(super) fn release(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Where the first complete stop string starts.
    fn first(&self, text: &str) -> Option<(usize, &str)> {
        let found = self.strings.iter().filter_map(|stop| Some((text.find(stop.as_str())?, stop.as_str())));
        found.min_by_key(|(start, stop)| (start + stop.len(), *start))
    }

    /// The length of the longest end of `text` that begins a stop string.
    fn longest_beginning(&self, text: &str) -> usize {
        let of = |stop: &str| {
            let longest = text.len().min(stop.len() - 1);
            (1..=longest)
                .rev()
                .find(|length| text.as_bytes().ends_with(&stop.as_bytes()[..*length]))
                .unwrap_or(0)
        };
        // Cutting inside a character is impossible: an end that equals a beginning of a string starts a character.
        self.strings.iter().map(|stop| of(stop)).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Stops;

    /// Character by character over the whole text: the slow and obvious way.
    fn reference(text: &str, strings: &[String]) -> (String, Option<String>) {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let complete = strings.iter().filter(|stop| text[..end].ends_with(stop.as_str()));
            if let Some(stop) = complete.max_by_key(|stop| stop.len()) {
                return (text[..end - stop.len()].to_string(), Some(stop.clone()));
            }
        }
        (text.to_string(), None)
    }

    proptest! {
        #[test]
        fn borders_between_pieces_do_not_matter(
            pieces in prop::collection::vec("[ab온옴]{0,4}", 0..8),
            strings in prop::collection::vec("[ab온옴]{1,4}", 0..4),
        ) {
            let mut stops = Stops::new(strings.clone());
            let (mut text, mut found) = (String::new(), None);
            for piece in &pieces {
                let (certain, stop) = stops.push(piece);
                text.push_str(&certain);
                found = stop;
                if found.is_some() {
                    break;
                }
            }
            if found.is_none() {
                text.push_str(&stops.release());
            }
            prop_assert_eq!((text, found), reference(&pieces.concat(), &strings));
        }
    }
}
