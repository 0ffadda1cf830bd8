//! A model without weights and without a runtime library, for tests and for trying out a deployment.
//!
//! Its scores are a pure function of the tokens that its slots really cache, so every mistake of a scheduler (a wrong
//! slot or length, a stale cache, a forgotten copy) changes the output, exactly as with a real model.

use crate::{DecoderModel, EngineError, Geometry};

/// Stands in cache cells that were never written; scores that depend on one are NaN.
const POISON: u32 = u32::MAX;

/// Called before each step, to count, to wait, or to fail (by an error or a panic).
pub type StubHook = Box<dyn FnMut(&StubStep) -> Result<(), EngineError> + Send>;

/// What the stub is about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StubStep {
    /// Append `tokens` tokens to `past` in `slot`.
    Prefill {
        /// The slot.
        slot: usize,
        /// Tokens in this chunk.
        tokens: usize,
        /// Tokens that were there before.
        past: usize,
    },
    /// One token for each row.
    Decode {
        /// The first slot of the window.
        first_slot: usize,
        /// Slots in the window.
        rows: usize,
    },
    /// Copy a slot.
    Copy {
        /// The source.
        from: usize,
        /// The target.
        to: usize,
        /// Tokens to copy.
        length: usize,
    },
}

/// The stub model.
pub struct StubModel {
    geometry: Geometry,
    end_token: Option<u32>,
    cache: Vec<Vec<u32>>,
    scores: Vec<f32>,
    hook: Option<StubHook>,
}

impl StubModel {
    /// A stub over `geometry` that never ends by itself. Its favourite tokens are the ASCII letters and the space,
    /// which makes text out of the byte tokenizer; with a vocabulary below 128 they are any tokens.
    pub fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            end_token: None,
            cache: vec![vec![POISON; geometry.capacity]; geometry.slots],
            scores: vec![0.0; geometry.slots * geometry.vocabulary],
            hook: None,
        }
    }

    /// Makes about one token in 40 `token`, which says that the text is done.
    #[must_use]
    pub fn ending_with(mut self, token: u32) -> Self {
        self.end_token = Some(token);
        self
    }

    /// Calls `hook` before each step.
    #[must_use]
    pub fn with_hook(mut self, hook: StubHook) -> Self {
        self.hook = Some(hook);
        self
    }

    fn announce(&mut self, step: &StubStep) -> Result<(), EngineError> {
        self.hook.as_mut().map_or(Ok(()), |hook| hook(step))
    }

    /// Fills score row `row` from the first `length` tokens of `slot`.
    fn score(&mut self, row: usize, slot: usize, length: usize) {
        let cached = &self.cache[slot][..length];
        let size = self.geometry.vocabulary;
        let scores = &mut self.scores[row * size..(row + 1) * size];
        if cached.contains(&POISON) {
            scores.fill(f32::NAN);
            return;
        }
        let state = cached.iter().fold(0x9e37_79b9_7f4a_7c15, |state, token| mix(state ^ u64::from(*token)));
        for (token, score) in scores.iter_mut().enumerate() {
            let noise = mix(state.wrapping_add(token as u64));
            *score = (noise >> 40) as f32 / (1 << 24) as f32 * 4.0;
        }
        scores[favourite(state, size)] += 6.0;
        if let Some(score) = self.end_token.and_then(|token| scores.get_mut(token as usize)) {
            *score = if state.is_multiple_of(40) { 20.0 } else { -20.0 };
        }
    }

    fn check(&self, slot: usize, tokens: &[u32], past: usize) -> Result<(), EngineError> {
        let Geometry { slots, capacity, vocabulary } = self.geometry;
        let inside = slot < slots && past + tokens.len() <= capacity && !tokens.is_empty();
        if inside && tokens.iter().all(|token| (*token as usize) < vocabulary) {
            return Ok(());
        }
        Err(EngineError::step("stub", format!("{} tokens at {past} of slot {slot} do not fit", tokens.len())))
    }
}

/// The finaliser of `SplitMix64`.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn favourite(state: u64, vocabulary: usize) -> usize {
    let letter = match mix(state) % 32 {
        letter @ 0..26 => b'a' as usize + letter as usize,
        _ => b' ' as usize,
    };
    letter % vocabulary
}

impl DecoderModel for StubModel {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn prefill(&mut self, slot: usize, tokens: &[u32], past: usize) -> Result<&mut [f32], EngineError> {
        self.announce(&StubStep::Prefill { slot, tokens: tokens.len(), past })?;
        self.check(slot, tokens, past)?;
        self.cache[slot][past..past + tokens.len()].copy_from_slice(tokens);
        self.score(0, slot, past + tokens.len());
        Ok(&mut self.scores[..self.geometry.vocabulary])
    }

    fn decode(
        &mut self,
        first_slot: usize,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], EngineError> {
        self.announce(&StubStep::Decode { first_slot, rows: tokens.len() })?;
        for (row, (&token, &length)) in tokens.iter().zip(lengths).enumerate() {
            let slot = first_slot + row;
            self.check(slot, &[token], length)?;
            self.cache[slot][length] = token;
            self.score(row, slot, length + 1);
        }
        Ok(&mut self.scores[..tokens.len() * self.geometry.vocabulary])
    }

    fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), EngineError> {
        self.announce(&StubStep::Copy { from, to, length })?;
        let source = self.cache[from][..length].to_vec();
        // What a copy does not cover is as good as garbage.
        self.cache[to].fill(POISON);
        self.cache[to][..length].copy_from_slice(&source);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::StubModel;
    use crate::{DecoderModel, Geometry};

    fn model() -> StubModel {
        StubModel::new(Geometry { slots: 3, capacity: 8, vocabulary: 257 })
    }

    #[test]
    fn scores_follow_the_cached_tokens_and_nothing_else() {
        let mut alone = model();
        let expected = alone.prefill(0, &[1, 2, 3], 0).unwrap().to_vec();
        let mut chunked = model();
        chunked.prefill(2, &[1, 2], 0).unwrap();
        chunked.copy_slot(2, 1, 2).unwrap();
        assert_eq!(chunked.decode(1, &[3], &[2]).unwrap(), expected);
        assert_ne!(chunked.decode(1, &[3], &[1]).unwrap(), expected);
    }

    #[test]
    fn a_cell_that_was_never_written_poisons_the_scores() {
        let mut model = model();
        model.prefill(0, &[1, 2], 0).unwrap();
        assert!(model.decode(0, &[3], &[3]).unwrap().iter().all(|score| score.is_nan()));
    }
}
