//! Choosing at random among the tokens that top-k, top-p and min-p leave.

use super::{
    exponential::{exponential, sum},
    scan::Scan,
};
use crate::request::Sampling;

/// Scores in one part of the walk to a token when nothing restricts the choice.
const PART: usize = 1024;
/// How far below the best score, in nats at the given temperature, tokens are collected for top-p; one round after the
/// other until their probabilities suffice, which is soon.
const DEPTHS: [f32; 6] = [1.5, 3.0, 6.0, 12.0, 24.0, f32::INFINITY];

/// What turns a score into a weight: e^((score - top) / temperature), 1 for the best token.
#[derive(Clone, Copy)]
pub(super) struct Heat {
    pub(super) top: f32,
    pub(super) temperature: f32,
}

impl Heat {
    fn weight(self, score: f32) -> f32 {
        exponential((score - self.top) / self.temperature)
    }

    /// The score whose weight is e^-`depth`.
    fn score_at(self, depth: f32) -> f32 {
        self.top - depth * self.temperature
    }
}

/// A token with its weight, in one number that is smaller for the better one; of equals, for the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate(u64);

impl Candidate {
    /// The bits of numbers from 0 up are ordered as the numbers are.
    fn new(token: u32, weight: f32) -> Self {
        Self(u64::from(!weight.to_bits()) << 32 | u64::from(token))
    }

    fn token(self) -> u32 {
        self.0 as u32
    }

    fn weight(self) -> f32 {
        f32::from_bits(!((self.0 >> 32) as u32))
    }
}

/// One row of scores with what is known of it.
pub(super) struct Row<'a> {
    pub(super) scores: &'a [f32],
    pub(super) scan: &'a mut Scan,
    pub(super) heat: Heat,
}

/// The tokens still in the running, in the order of their ids.
///
/// The draw walks in that order rather than by rank, so that two nearly equal scores that change places do not turn
/// the same random number into another token.
#[derive(Default)]
pub(super) struct Candidates {
    found: Vec<u32>,
    weights: Vec<f32>,
    kept: Vec<Candidate>,
    ranked: Vec<Candidate>,
    parts: Vec<f64>,
}

impl Candidates {
    /// Draws a token by `share`, a number from 0 to below 1. `None` only if rounding left nothing to draw from.
    pub(super) fn draw(&mut self, row: &mut Row<'_>, settings: &Sampling, share: f64) -> Option<u32> {
        let (top_k, heat) = (settings.top_k as usize, row.heat);
        if top_k > 0 && top_k < row.scores.len() {
            let least = row.scan.reached_by(top_k);
            self.collect(row, least);
            self.keep_best(top_k);
            self.keep_share(settings.top_p, self.mass());
        } else if settings.top_p < 1.0 {
            let total = sum(row.scores, heat.top, heat.temperature);
            let suffices = |mass| mass >= total * f64::from(settings.top_p);
            // The last depth collects everything.
            let _ = DEPTHS.iter().find(|depth| {
                self.collect(row, heat.score_at(**depth));
                suffices(self.mass())
            });
            self.keep_share(settings.top_p, total);
        } else if settings.min_p > 0.0 {
            // A little deeper than needed: the exact cut is made by weight below.
            self.collect(row, heat.score_at(1e-3 - settings.min_p.ln()));
        } else {
            return self.draw_from_all(row, share);
        }
        if settings.min_p > 0.0 {
            self.kept.retain(|candidate| candidate.weight() >= settings.min_p);
        }
        self.draw_from_kept(share)
    }

    /// Collects every token whose score is at least `least`.
    fn collect(&mut self, row: &Row<'_>, least: f32) {
        row.scan.reaching(row.scores, least, &mut self.found);
        self.weights.clear();
        self.weights.extend(self.found.iter().map(|token| row.scores[*token as usize]));
        // A loop of its own, which becomes vector instructions.
        for weight in &mut self.weights {
            *weight = row.heat.weight(*weight);
        }
        self.kept.clear();
        let weighed = self.found.iter().zip(&self.weights);
        self.kept.extend(weighed.map(|(token, weight)| Candidate::new(*token, *weight)));
    }

    fn mass(&self) -> f64 {
        self.kept.iter().map(|candidate| f64::from(candidate.weight())).sum()
    }

    /// Keeps the `count` best.
    fn keep_best(&mut self, count: usize) {
        if count == 0 || count >= self.kept.len() {
            return;
        }
        self.ranked.clone_from(&self.kept);
        let worst = *self.ranked.select_nth_unstable(count - 1).1;
        self.kept.retain(|candidate| *candidate <= worst);
    }

    /// Keeps the fewest best ones that together have `share` of `total`.
    fn keep_share(&mut self, share: f32, total: f64) {
        if share >= 1.0 {
            return;
        }
        self.ranked.clone_from(&self.kept);
        let mut wanted = total * f64::from(share);
        // The cut lies in `low..high`; everything before `low` is kept and taken off `wanted`.
        let (mut low, mut high) = (0, self.ranked.len());
        while high - low > 1 {
            let half = (high - low) / 2;
            self.ranked[low..high].select_nth_unstable(half - 1);
            let mass: f64 = self.ranked[low..low + half].iter().map(|kept| f64::from(kept.weight())).sum();
            if mass >= wanted {
                high = low + half;
            } else {
                low += half;
                wanted -= mass;
            }
        }
        if let Some(worst) = self.ranked.get(low).copied() {
            self.kept.retain(|candidate| *candidate <= worst);
        }
    }

    fn draw_from_kept(&self, share: f64) -> Option<u32> {
        let mut left = self.mass() * share;
        let mut last = None;
        for candidate in self.kept.iter().filter(|candidate| candidate.weight() > 0.0) {
            last = Some(candidate.token());
            left -= f64::from(candidate.weight());
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// Draws among all tokens: to the right part by the parts' sums, then token by token.
    fn draw_from_all(&mut self, Row { scores, heat, .. }: &Row<'_>, share: f64) -> Option<u32> {
        self.parts.clear();
        self.parts.extend(scores.chunks(PART).map(|part| sum(part, heat.top, heat.temperature)));
        let mut left = self.parts.iter().sum::<f64>() * share;
        let mut first = 0;
        for mass in self.parts.iter().take(self.parts.len() - 1) {
            if left < *mass {
                break;
            }
            left -= mass;
            first += PART;
        }
        let mut last = None;
        for (offset, score) in
            scores[first..].iter().enumerate().filter(|(_, score)| heat.weight(**score) > 0.0)
        {
            last = Some((first + offset) as u32);
            left -= f64::from(heat.weight(*score));
            if left < 0.0 {
                break;
            }
        }
        last
    }
}
