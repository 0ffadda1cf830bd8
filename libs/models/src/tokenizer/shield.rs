//! Text that must come through the search for special tokens unseen.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use tokenizers::{NormalizedString, Normalizer};

/// Characters that mean nothing in Unicode and that no font draws: a private use area of 65,534.
const MARKS: RangeInclusive<char> = '\u{F_0000}'..='\u{F_FFFD}';

/// Stands one character in for a text, and the text in for that character later.
///
/// A mark is one character, so that whatever trims or cuts the marked text cannot break it, and one that occurs in
/// nothing else, so that nobody's text changes. Were one to be guessed, it would still only ever become text.
#[derive(Debug)]
pub(crate) struct Shield {
    taken: BTreeSet<char>,
    unused: RangeInclusive<char>,
    marks: BTreeMap<String, char>,
}

impl Shield {
    /// A shield whose marks occur in none of `texts`.
    pub(crate) fn apart_from<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let taken = texts.into_iter().flat_map(str::chars).filter(|c| MARKS.contains(c)).collect();
        Self { taken, unused: MARKS, marks: BTreeMap::new() }
    }

    /// The mark that stands for `text`; none when all marks are taken.
    pub(crate) fn mark(&mut self, text: &str) -> Option<char> {
        if let Some(mark) = self.marks.get(text) {
            return Some(*mark);
        }
        let mark = self.unused.find(|mark| !self.taken.contains(mark))?;
        self.marks.insert(text.to_owned(), mark);
        Some(mark)
    }

    /// Whether no text stands behind a mark.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// A normalizer that first takes the marks away again.
    pub(super) fn before<'a, N>(&'a self, normalizer: Option<&'a N>) -> Unshield<'a, N> {
        Unshield { shield: self, normalizer }
    }
}

/// Puts the text back behind each mark, then normalizes.
pub(super) struct Unshield<'a, N> {
    shield: &'a Shield,
    normalizer: Option<&'a N>,
}

impl<N: Normalizer> Normalizer for Unshield<'_, N> {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        for (original, mark) in &self.shield.marks {
            if text.get().contains(*mark) {
                text.replace(*mark, original)?;
            }
        }
        self.normalizer.map_or(Ok(()), |normalizer| normalizer.normalize(text))
    }
}
