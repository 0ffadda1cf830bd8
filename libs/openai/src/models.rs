//! `/v1/models`.

use proto::inference::v1::Model;
use serde_json::{Value, json};

/// A model as clients see it. When it was made nobody has written down, so that is told as 0.
pub fn model_answer(model: &Model) -> Value {
    json!({
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "ondol",
        "context_tokens": model.context_tokens,
    })
}

/// All of them.
pub fn models_answer(models: &[Model]) -> Value {
    json!({"object": "list", "data": models.iter().map(model_answer).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::Model;
    use serde_json::json;

    use super::models_answer;

    #[test]
    fn models_are_a_list() {
        let model = Model { id: "stub".into(), context_tokens: 64, ..Model::default() };
        let told = models_answer(&[model]);
        let expected =
            json!({"id": "stub", "object": "model", "created": 0, "owned_by": "ondol", "context_tokens": 64});
        assert_eq!(told, json!({"object": "list", "data": [expected]}));
    }
}
