//! From one row of scores to one token.
//!
//! The order is the contract's: penalties, temperature, top-k, top-p, min-p, one draw. top-k, top-p and min-p each
//! keep a prefix of the tokens ranked by score (equal scores: the lower id first), so together they keep the shortest
//! of the three, and nothing is ever sorted as a whole.
//!
//! This runs on the engine's thread between two steps, for every row: the passes over the vocabulary are written for
//! vector instructions.

mod candidates;
mod exponential;
mod penalties;
mod scan;

use rand::{Rng, SeedableRng, rngs::StdRng};

use self::{
    candidates::{Candidates, Heat, Row},
    penalties::Penalties,
    scan::Scan,
};
use crate::request::Sampling;

/// Below this, dividing by the temperature would overflow; the choice is greedy there anyway.
const COLDEST: f32 = 1e-5;

/// The token that was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) token: u32,
    /// Natural logarithm of its probability among all tokens, by the model's own scores; when asked for.
    pub(crate) logprob: Option<f32>,
}

/// Why no token could be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadScores {
    NotNumbers,
    NothingPossible,
}

/// Memory that the samplers of all rows share, so that choosing a token allocates nothing.
#[derive(Default)]
pub(crate) struct Scratch {
    scan: Scan,
    candidates: Candidates,
    raw: Vec<f32>,
}

/// The sampling state of one sequence.
pub(crate) struct Sampler {
    settings: Sampling,
    logprobs: bool,
    penalties: Option<Penalties>,
    random: StdRng,
}

impl Sampler {
    /// A sampler for the continuation of `prompt`.
    pub(crate) fn new(settings: Sampling, logprobs: bool, prompt: &[u32]) -> Self {
        let random = settings.seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        Self { penalties: Penalties::new(&settings, prompt), settings, logprobs, random }
    }

    /// Chooses the next token by `scores`, which are changed; never one of `banned`.
    pub(crate) fn choose(
        &mut self,
        scores: &mut [f32],
        banned: &[u32],
        scratch: &mut Scratch,
    ) -> Result<Choice, BadScores> {
        let mut normaliser = None;
        if self.logprobs {
            scratch.raw.clear();
            scratch.raw.extend_from_slice(scores);
            let top = scratch.scan.run(scores)?;
            normaliser = Some(top.score + exponential::sum(scores, top.score, 1.0).ln() as f32);
        }
        if let Some(penalties) = &self.penalties {
            penalties.apply(scores);
        }
        for token in banned {
            if let Some(score) = scores.get_mut(*token as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
        let token = self.pick(scores, scratch)?;
        if let Some(penalties) = &mut self.penalties {
            penalties.note(token);
        }
        Ok(Choice { token, logprob: normaliser.map(|normaliser| scratch.raw[token as usize] - normaliser) })
    }

    fn pick(&mut self, scores: &[f32], scratch: &mut Scratch) -> Result<u32, BadScores> {
        let top = scratch.scan.run(scores)?;
        if self.settings.temperature < COLDEST {
            return Ok(top.token);
        }
        let heat = Heat { top: top.score, temperature: self.settings.temperature };
        let mut row = Row { scores, scan: &mut scratch.scan, heat };
        let drawn = scratch.candidates.draw(&mut row, &self.settings, self.random.random());
        Ok(drawn.unwrap_or(top.token))
    }
}

#[cfg(test)]
mod tests;
