//! A served model as the contract describes it.

use models::Task;
use proto::inference::v1 as wire;

use crate::catalogue::Served;

/// The resource that describes a model.
pub(crate) fn model(served: &Served) -> wire::Model {
    let manifest = served.manifest();
    wire::Model {
        name: format!("models/{}", manifest.name),
        id: manifest.name.clone(),
        task: match manifest.task {
            Task::TextGeneration => wire::Task::TextGeneration.into(),
        },
        precision: manifest.precision.as_str().into(),
        context_tokens: served.context_tokens(),
        trained_context_tokens: manifest.context,
        vocabulary_size: manifest.decoder.map_or(0, |decoder| decoder.vocabulary),
        chat: served.has_chat_template(),
        license: manifest.provenance.license.clone(),
        source_sha256: manifest.provenance.source_sha256.clone(),
    }
}
