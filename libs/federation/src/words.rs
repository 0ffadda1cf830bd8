//! Text of strangers, as it can be shown: to people on a terminal, and to models.

/// Characters that are not seen, first and last of each range.
const HIDDEN: [(char, char); 23] = [
    // Soft hyphen, combining grapheme joiner, Arabic letter mark.
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    // Fillers, vowels and separators without a width.
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{ffa0}', '\u{ffa0}'),
    // Zero width, marks and turns of direction, ends of lines, invisible operators.
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    // Variation selectors, annotations between lines, controls of shorthand and music.
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    // Tags, and further variation selectors: whole sentences have been hidden in them.
    ('\u{e0000}', '\u{e0fff}'),
    // For private use: whatever a font makes of them.
    ('\u{e000}', '\u{f8ff}'),
    ('\u{f0000}', '\u{ffffd}'),
    ('\u{100000}', '\u{10fffd}'),
    // No characters at all.
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{ffffe}', '\u{fffff}'),
    ('\u{10fffe}', '\u{10ffff}'),
];

/// The text without what cannot be seen, or changes how the rest is: control characters but for tab and line feed, escape
/// sequences of terminals, characters that turn the direction of reading, have no width, or carry tags. What is left is what a
/// person saw who read it.
pub fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            // A sequence's beginning as one character.
            '\u{9b}' => skip_parameters(&mut rest),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            hidden if is_hidden(hidden) => {}
            plain => clean.push(plain),
        }
    }
    clean
}

/// Whether a text is as it can be shown.
pub fn is_clean(text: &str) -> bool {
    !text.chars().any(is_hidden)
}

/// What stands behind an escape: `[` and parameters up to a letter, or a string up to its end, or one character.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next_if(char::is_ascii_graphic) {
        Some('[') => skip_parameters(rest),
        // Titles of windows, links, and other strings: up to a bell, or an escape and a backslash.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = rest.next_if(|c| *c != '\n') {
                match character {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        rest.next_if_eq(&'\\');
                        return;
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn skip_parameters(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

fn is_hidden(character: char) -> bool {
    let is_format = HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&character));
    is_format || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{cleaned, is_clean};

    #[test]
    fn what_cannot_be_seen_is_taken_out() {
        let tags: String = "ignore".bytes().filter_map(|b| char::from_u32(0xe0000 + u32::from(b))).collect();
        let attacks = [
            ("a\u{1b}[31mred\u{1b}[0m", "ared"),
            ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
            ("a\u{9b}31mb", "ab"),
            ("\u{1b}]0;title\u{7}b", "b"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}Pq#0\u{1b}\\b", "b"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}\u{1b}[31mb", "ab"),
            ("a\u{8}\u{8}b", "ab"),
            ("a\0b\u{7f}c", "abc"),
            ("over\rwritten", "over\nwritten"),
            ("a\r\nb", "a\nb"),
            ("a\u{2028}b\u{2029}c\u{85}d", "a\nb\nc\nd"),
            ("\u{202e}txt.exe\u{202c}", "txt.exe"),
            ("a\u{2066}b\u{2069}c\u{200f}d\u{61c}e", "abcde"),
            ("pay\u{200b}pal\u{200d}\u{2060}\u{feff}", "paypal"),
            ("a\u{ad}b\u{3164}c", "abc"),
            ("a\u{fe0f}\u{e0100}b", "ab"),
            (&format!("safe{tags}"), "safe"),
            ("a\u{e001}b\u{10fffd}c", "abc"),
        ];
        for (attack, left) in attacks {
            assert_eq!(cleaned(attack), left, "{attack:?}");
            assert!(!is_clean(attack), "{attack:?}");
        }
        for honest in ["", "Finds orders.\n\tNewest first.", "한글 日本語 עברית العربية ñ é 😀", "a < b && c"]
        {
            assert_eq!(cleaned(honest), honest);
            assert!(is_clean(honest));
        }
    }

    proptest! {
        #[test]
        fn what_was_cleaned_is_clean(text in "\\PC*|[\u{1b}\\[\\]m0-9;\r\n\u{9b}\u{7}\\\\a\u{200b}]*") {
            let clean = cleaned(&text);
            prop_assert!(is_clean(&clean));
            prop_assert_eq!(cleaned(&clean), clean.clone());
            prop_assert!(clean.len() <= text.len());
        }
    }
}
