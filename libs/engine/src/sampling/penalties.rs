//! Scores lowered for tokens that were seen before.

use std::collections::HashMap;

use crate::request::Sampling;

/// Which tokens a sequence has seen, and what that costs them.
pub(super) struct Penalties {
    repetition: f32,
    presence: f32,
    frequency: f32,
    /// How often each token was generated; 0 for one that stands in the prompt only.
    generated: HashMap<u32, u32>,
}

impl Penalties {
    /// `None` where `settings` ask for no penalty.
    pub(super) fn new(settings: &Sampling, prompt: &[u32]) -> Option<Self> {
        let &Sampling { repetition_penalty, presence_penalty, frequency_penalty, .. } = settings;
        let repeats = (repetition_penalty - 1.0).abs() > 0.0;
        if !repeats && presence_penalty.abs() + frequency_penalty.abs() <= 0.0 {
            return None;
        }
        let generated =
            if repeats { prompt.iter().map(|token| (*token, 0)).collect() } else { HashMap::new() };
        Some(Self {
            repetition: repetition_penalty,
            presence: presence_penalty,
            frequency: frequency_penalty,
            generated,
        })
    }

    pub(super) fn apply(&self, scores: &mut [f32]) {
        for (token, count) in &self.generated {
            let Some(score) = scores.get_mut(*token as usize) else { continue };
            if !score.is_finite() {
                continue;
            }
            let mut lowered = if *score > 0.0 { *score / self.repetition } else { *score * self.repetition };
            if *count > 0 {
                lowered -= self.presence + self.frequency * *count as f32;
            }
            // No penalty, however small its divisor, makes a good score a bad one.
            *score = lowered.clamp(f32::MIN, f32::MAX);
        }
    }

    /// Counts a generated token.
    pub(super) fn note(&mut self, token: u32) {
        *self.generated.entry(token).or_default() += 1;
    }
}
