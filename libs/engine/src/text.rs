//! From tokens back to text that may be shown: whole characters only, and nothing of a stop string.

mod characters;
mod stops;

use self::{characters::Characters, stops::Stops};
use crate::request::Stop;

/// The text of one sequence as it grows.
pub(crate) struct Text {
    characters: Characters,
    stops: Stops,
    include_string: bool,
    /// Tokens that still go straight through, before stop strings count.
    exempt: u32,
    decoded: String,
}

/// What a token did to the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// What became certain.
    pub(crate) text: String,
    /// The stop string that was completed, which ends the text.
    pub(crate) stop: Option<String>,
}

impl Text {
    /// An empty text that ends as `stop` says.
    pub(crate) fn new(stop: &Stop) -> Self {
        Self {
            characters: Characters::default(),
            stops: Stops::new(stop.strings.clone()),
            include_string: stop.include_string,
            exempt: stop.min_tokens,
            decoded: String::new(),
        }
    }

    /// Appends the bytes of one token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Pushed {
        self.decoded.clear();
        self.characters.push(bytes, &mut self.decoded);
        if self.exempt > 0 {
            self.exempt -= 1;
            return Pushed { text: self.decoded.clone(), stop: None };
        }
        self.look()
    }

    /// Ends the text without a stop string: what was held back is certain now.
    pub(crate) fn finish(&mut self) -> Pushed {
        self.decoded.clear();
        self.characters.finish(&mut self.decoded);
        let mut pushed = self.look();
        if pushed.stop.is_none() {
            pushed.text.push_str(&self.stops.release());
        }
        pushed
    }

    fn look(&mut self) -> Pushed {
        let (mut text, stop) = self.stops.push(&self.decoded);
        if let (Some(stop), true) = (&stop, self.include_string) {
            text.push_str(stop);
        }
        Pushed { text, stop }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pushed, Text};
    use crate::request::Stop;

    fn run(stop: &Stop, tokens: &[&[u8]]) -> (Vec<String>, Option<String>) {
        let mut text = Text::new(stop);
        let mut pieces = Vec::new();
        for token in tokens {
            let Pushed { text, stop } = text.push(token);
            pieces.push(text);
            if stop.is_some() {
                return (pieces, stop);
            }
        }
        let Pushed { text, stop } = text.finish();
        pieces.push(text);
        (pieces, stop)
    }

    fn stop(strings: &[&str]) -> Stop {
        Stop { strings: strings.iter().map(ToString::to_string).collect(), ..Stop::default() }
    }

    #[test]
    fn a_possible_stop_string_is_held_back_and_released_if_it_was_none() {
        let tokens: [&[u8]; 4] = [b"a\n", b"\nUs", b"ed\n", b"\nUser"];
        let (pieces, found) = run(&stop(&["\n\nUser"]), &tokens);
        assert_eq!(pieces, ["a", "", "\n\nUsed", ""]);
        assert_eq!(found.as_deref(), Some("\n\nUser"));
    }

    #[test]
    fn the_stop_string_can_be_part_of_the_text() {
        let including = Stop { include_string: true, ..stop(&["."]) };
        assert_eq!(run(&including, &[b"Yes. No."]), (vec!["Yes.".to_string()], Some(".".to_string())));
    }

    #[test]
    fn stop_strings_do_not_count_before_min_tokens() {
        let later = Stop { min_tokens: 2, ..stop(&["."]) };
        assert_eq!(run(&later, &[b"a.", b"b.", b"c."]).0, ["a.", "b.", "c"]);
    }

    #[test]
    fn a_character_split_over_tokens_comes_whole() {
        let tokens: [&[u8]; 3] = [b"\xec\x98", b"\xa8", b"\xf0\x9f"];
        assert_eq!(run(&stop(&[]), &tokens).0, ["", "온", "", "\u{fffd}"]);
    }
}
