//! The first pass over a row: is it sound, what is its best token, and where are the good ones.

use super::BadScores;

/// Scores side by side in a vector register, or two or four of them.
const LANES: usize = 16;
/// Scores in one stripe; `LANES` maxima are kept of each.
const STRIPE: usize = 256;

/// The best token of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Top {
    pub(super) token: u32,
    pub(super) score: f32,
}

/// The maxima of 16 scores each, by which later passes skip most of the vocabulary.
#[derive(Default)]
pub(super) struct Scan {
    maxima: Vec<f32>,
    ranked: Vec<f32>,
}

impl Scan {
    /// Finds the best token (the lowest id of equals).
    ///
    /// NaN and positive infinity are errors, and so is a row of negative infinities; some of them just mark tokens
    /// that are impossible.
    pub(super) fn run(&mut self, scores: &[f32]) -> Result<Top, BadScores> {
        self.maxima.clear();
        let (mut sound, mut best, mut best_stripe) = (true, f32::NEG_INFINITY, 0);
        for (index, stripe) in scores.chunks(STRIPE).enumerate() {
            let (lanes, stripe_sound) = maxima_of(stripe);
            sound &= stripe_sound;
            let top = lanes.iter().fold(f32::NEG_INFINITY, |top, lane| if *lane > top { *lane } else { top });
            if top > best {
                (best, best_stripe) = (top, index * STRIPE);
            }
            self.maxima.extend(lanes);
        }
        if !sound {
            return Err(BadScores::NotNumbers);
        }
        let stripe = &scores[best_stripe.min(scores.len())..];
        let place = stripe.iter().take(STRIPE).position(|score| *score >= best);
        match place {
            Some(place) if best > f32::NEG_INFINITY => {
                Ok(Top { token: (best_stripe + place) as u32, score: best })
            }
            _ => Err(BadScores::NothingPossible),
        }
    }

    /// A score that at least `count` tokens reach, and not many more.
    pub(super) fn reached_by(&mut self, count: usize) -> f32 {
        if count == 0 || count > self.maxima.len() {
            return f32::NEG_INFINITY;
        }
        self.ranked.clone_from(&self.maxima);
        *self.ranked.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1
    }

    /// Fills `found` with every token whose score is at least `least`, in the order of ids.
    pub(super) fn reaching(&self, scores: &[f32], least: f32, found: &mut Vec<u32>) {
        found.clear();
        let stripes = scores.chunks(STRIPE).zip(self.maxima.chunks(LANES)).enumerate();
        for (index, (stripe, maxima)) in stripes {
            if !maxima.iter().any(|score| *score >= least) {
                continue;
            }
            // Every token is written and only those that count are kept: on a flat row a branch would go either way
            // and cost more than the rest of the pass.
            let mut end = found.len();
            found.resize(end + stripe.len(), 0);
            for (offset, score) in stripe.iter().enumerate() {
                found[end] = (index * STRIPE + offset) as u32;
                end += usize::from(*score >= least);
            }
            found.truncate(end);
        }
    }
}

/// The maximum of every 16th score, and whether all of them are below infinity (which NaN is not).
fn maxima_of(stripe: &[f32]) -> ([f32; LANES], bool) {
    let (mut lanes, mut unsound) = ([f32::NEG_INFINITY; LANES], [0_u32; LANES]);
    let (rows, rest) = stripe.as_chunks::<LANES>();
    for row in rows {
        for lane in 0..LANES {
            lanes[lane] = if row[lane] > lanes[lane] { row[lane] } else { lanes[lane] };
            unsound[lane] |= u32::from(!is_below_infinity(row[lane]));
        }
    }
    for (lane, score) in lanes.iter_mut().zip(rest) {
        *lane = if *score > *lane { *score } else { *lane };
    }
    (lanes, unsound.iter().all(|lane| *lane == 0) && rest.iter().all(|score| is_below_infinity(*score)))
}

fn is_below_infinity(score: f32) -> bool {
    score < f32::INFINITY
}
