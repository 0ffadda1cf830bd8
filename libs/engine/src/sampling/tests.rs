//! The sampler against a slow reference that ranks the whole vocabulary.

use proptest::prelude::*;

use super::{BadScores, Sampler, Scratch};
use crate::request::Sampling;

/// The tokens that may be drawn with their probabilities, in the order of their ids, by the book: sort everything,
/// then cut. Also how close any cut was to falling elsewhere.
fn reference(scores: &[f32], settings: &Sampling) -> (Vec<(u32, f64)>, f64) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |score: f32| ((f64::from(score) - f64::from(top)) / f64::from(settings.temperature)).exp();
    let mut all: Vec<(u32, f64)> =
        scores.iter().enumerate().map(|(i, score)| (i as u32, weight(*score))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    if settings.top_k > 0 {
        all.truncate(settings.top_k as usize);
    }
    let total: f64 = all.iter().map(|(_, weight)| weight).sum();
    let (mut margin, mut reached) = (f64::INFINITY, 0.0);
    if settings.top_p < 1.0 {
        let wanted = f64::from(settings.top_p) * total;
        let mut count = 0;
        while reached < wanted && count < all.len() {
            reached += all[count].1;
            count += 1;
            margin = margin.min((reached - wanted).abs() / total);
        }
        all.truncate(count.max(1));
    }
    margin =
        all.iter().fold(margin, |margin, (_, weight)| margin.min((weight - f64::from(settings.min_p)).abs()));
    all.retain(|(_, weight)| *weight >= f64::from(settings.min_p) && *weight > 1e-37);
    let total: f64 = all.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut all {
        *weight /= total;
    }
    all.sort_by_key(|(token, _)| *token);
    (all, margin)
}

fn settings() -> impl Strategy<Value = Sampling> {
    let top_k = prop_oneof![Just(0), 1..40_u32, 1..900_u32];
    let top_p = prop_oneof![Just(1.0_f32), 0.01..1.0_f32, 0.9..1.0_f32];
    let min_p = prop_oneof![Just(0.0_f32), 0.0001..0.9_f32];
    (0.05..2.0_f32, top_k, top_p, min_p, any::<u64>()).prop_map(|(temperature, top_k, top_p, min_p, seed)| {
        Sampling { temperature, top_k, top_p, min_p, seed: Some(seed), ..Sampling::default() }
    })
}

/// Rows from nearly flat to sharply peaked, with equal scores and impossible tokens.
fn scores() -> impl Strategy<Value = Vec<f32>> {
    let score = prop_oneof![
        8 => -10.0..10.0_f32,
        2 => Just(3.0_f32),
        1 => Just(f32::NEG_INFINITY),
        1 => 10.0..30.0_f32,
    ];
    (prop::collection::vec(score, 1..1000), 0.01..2.0_f32).prop_map(|(mut scores, spread)| {
        for score in &mut scores {
            *score *= spread;
        }
        scores[0] = 1.0;
        scores
    })
}

proptest! {
    #[test]
    fn draws_the_token_that_the_reference_draws(scores in scores(), settings in settings()) {
        use rand::{Rng, SeedableRng, rngs::StdRng};

        let (allowed, margin) = reference(&scores, &settings);
        // Cuts that hang on the last bits may fall to either side.
        prop_assume!(margin > 1e-5);
        let share: f64 = StdRng::seed_from_u64(settings.seed.unwrap()).random();
        let mut sampler = Sampler::new(settings, false, &[]);
        let token = sampler.choose(&mut scores.clone(), &[], &mut Scratch::default()).unwrap().token;
        let before: f64 = allowed.iter().take_while(|(id, _)| *id < token).map(|(_, weight)| weight).sum();
        let Some((_, weight)) = allowed.iter().find(|(id, _)| *id == token) else {
            return Err(TestCaseError::fail(format!("token {token} is not among {allowed:?}")));
        };
        prop_assert!(share > before - 1e-5 && share < before + weight + 1e-5, "{before} {share} {weight}");
    }

    #[test]
    fn greedy_takes_the_first_of_the_best(scores in scores()) {
        let mut best = 0;
        for (token, score) in scores.iter().enumerate() {
            if *score > scores[best] {
                best = token;
            }
        }
        let mut sampler = Sampler::new(Sampling::default(), true, &[]);
        let choice = sampler.choose(&mut scores.clone(), &[], &mut Scratch::default()).unwrap();
        prop_assert_eq!(choice.token as usize, best);
        let total: f64 = scores.iter().map(|score| f64::from(*score).exp()).sum();
        let exact = f64::from(scores[best]) - total.ln();
        prop_assert!((f64::from(choice.logprob.unwrap()) - exact).abs() < 1e-4);
    }
}

fn choose(settings: Sampling, prompt: &[u32], rows: &[&[f32]]) -> Vec<u32> {
    let mut sampler = Sampler::new(settings, false, prompt);
    let mut scratch = Scratch::default();
    rows.iter().map(|row| sampler.choose(&mut row.to_vec(), &[], &mut scratch).unwrap().token).collect()
}

#[test]
fn the_same_seed_draws_the_same_tokens() {
    let row: Vec<f32> = (0..500).map(|i| (i % 7) as f32).collect();
    let draws = |seed| {
        let settings = Sampling { temperature: 1.0, seed, ..Sampling::default() };
        choose(settings, &[], &[&row[..]; 20])
    };
    assert_eq!(draws(Some(7)), draws(Some(7)));
    assert_ne!(draws(Some(7)), draws(Some(8)));
    assert_ne!(draws(None), draws(None));
}

#[test]
fn draws_follow_the_probabilities() {
    let row = [0.0_f32, 2.0_f32.ln(), 5.0_f32.ln()];
    let settings = Sampling { temperature: 1.0, seed: Some(1), ..Sampling::default() };
    let mut counts = [0_u32; 3];
    for token in choose(settings, &[], &vec![&row[..]; 8000]) {
        counts[token as usize] += 1;
    }
    for (count, expected) in counts.iter().zip([1000.0, 2000.0, 5000.0]) {
        assert!((f64::from(*count) - expected).abs() < 200.0, "{counts:?}");
    }
}

#[test]
fn a_repetition_penalty_counts_the_prompt_and_the_others_do_not() {
    let row: &[f32] = &[2.0, 1.9, -1.0];
    let repetition = Sampling { repetition_penalty: 2.0, ..Sampling::default() };
    assert_eq!(choose(repetition, &[0], &[row, row]), [1, 0]);
    let presence = Sampling { presence_penalty: 0.5, ..Sampling::default() };
    assert_eq!(choose(presence, &[0], &[row, row, row]), [0, 1, 0]);
    let frequency = Sampling { frequency_penalty: 0.15, ..Sampling::default() };
    assert_eq!(choose(frequency, &[0], &[row, row, row, row]), [0, 1, 0, 1]);
}

#[test]
fn a_banned_token_is_never_chosen() {
    let mut sampler = Sampler::new(Sampling::default(), false, &[]);
    let choice = sampler.choose(&mut [1.0, 9.0], &[1], &mut Scratch::default()).unwrap();
    assert_eq!(choice.token, 0);
}

#[test]
fn scores_that_are_not_numbers_are_errors() {
    let mut scratch = Scratch::default();
    let mut sampler = Sampler::new(Sampling { temperature: 1.0, ..Sampling::default() }, true, &[]);
    for (bad, error) in [
        (f32::NAN, BadScores::NotNumbers),
        (f32::INFINITY, BadScores::NotNumbers),
        (f32::NEG_INFINITY, BadScores::NothingPossible),
    ] {
        for length in [1, 15, 16, 257, 1000] {
            let mut row = vec![if bad.is_nan() { 0.0 } else { bad }; length];
            row[length - 1] = bad;
            assert_eq!(sampler.choose(&mut row, &[], &mut scratch), Err(error), "{bad} in {length}");
        }
    }
}
