//! What the imported decoder computes.

use engine::{DecoderModel, OnnxModel};
use models::Precision;
use serde_json::Value;

use super::imported::{golden, ids, imported};

/// The import in 32-bit floats may differ from the reference by this much in each logit.
const TOLERANCE: f64 = 1e-3;

#[test]
fn fp32_agrees_with_the_reference() {
    let Some(imported) = imported() else { return };
    let imports = imported.import(Precision::Fp32);
    let mut model = imported.load(&imports, 512);
    logits_agree(&mut model);
    continuations_agree(&mut model);
}

fn logits_agree(model: &mut OnnxModel) {
    let golden = golden("logits.json");
    let sampled_ids = ids(&golden["sampled_ids"]);
    for prompt in golden["prompts"].as_array().unwrap() {
        let prompt_ids = ids(&prompt["ids"]);
        for position in prompt["positions"].as_array().unwrap() {
            let read = usize::try_from(position["position"].as_u64().unwrap()).unwrap() + 1;
            let logits = model.prefill(0, &prompt_ids[..read], 0).unwrap();
            let sampled = sampled_ids.iter().zip(position["sampled"].as_array().unwrap());
            let top = position["top"].as_array().unwrap().iter().map(|pair| (id(&pair[0]), &pair[1]));
            for (id, expected) in sampled.map(|(id, logit)| (*id, logit)).chain(top) {
                let (logit, expected) = (f64::from(logits[id as usize]), expected.as_f64().unwrap());
                let place = format!("{} after {read} tokens, id {id}", prompt["name"]);
                assert!((logit - expected).abs() <= TOLERANCE, "{place}: {logit}, not {expected}");
            }
            assert_eq!(likeliest(logits), id(&position["argmax"]));
        }
    }
}

fn continuations_agree(model: &mut OnnxModel) {
    for case in golden("continuations.json")["cases"].as_array().unwrap() {
        let (prompt, expected) = (ids(&case["prompt_ids"]), ids(&case["ids"]));
        let mut said = vec![likeliest(model.prefill(0, &prompt, 0).unwrap())];
        while said.len() < expected.len() {
            let length = prompt.len() + said.len() - 1;
            said.push(likeliest(model.decode(0, &said[said.len() - 1..], &[length]).unwrap()));
        }
        assert_eq!(said, expected, "{}", case["prompt"]);
    }
}

#[test]
fn the_default_precision_keeps_the_quality_of_the_file() {
    let Some(imported) = imported() else { return };
    let imports = imported.import(models::import::DEFAULT_PRECISION);
    let golden = golden("perplexity.json");
    let text = ids(&golden["ids"]);
    let mut model = imported.load(&imports, text.len());
    let mut loss = 0.0;
    for (position, pair) in text.windows(2).enumerate() {
        let logits = model.decode(0, &pair[..1], &[position]).unwrap();
        loss += log_sum(logits) - f64::from(logits[pair[1] as usize]);
    }
    let perplexity = (loss / (text.len() - 1) as f64).exp();
    let reference = golden["perplexity"].as_f64().unwrap();
    assert!(
        perplexity <= reference * 1.03,
        "perplexity {perplexity:.3}, and {reference:.3} in 32-bit floats"
    );
}

fn log_sum(logits: &[f32]) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    f64::from(top) + logits.iter().map(|logit| f64::from(logit - top).exp()).sum::<f64>().ln()
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = (0u32..).zip(logits).max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.unwrap().0
}

fn id(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}
