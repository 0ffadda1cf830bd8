//! `ondol jobs submit generate`.

use clap::Args;
use proto::jobs::v1::{GenerateTextWork, Job, job::Work};

use super::Common;
use crate::ask::{Ask, message};

/// What to generate.
#[derive(Args)]
#[command(
    after_help = "Example: ondol jobs submit generate --max-tokens 1500 --watch \"Write a long story.\""
)]
pub(crate) struct Arguments {
    /// What to say to the model
    prompt: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    ask: Ask,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { prompt, common, ask } = arguments;
    common.connection.clone().block_on(async |mut client| {
        let model = client.model(ask.model.as_deref()).await?;
        let request = Some(ask.chat(&model, vec![message("user", &prompt)]));
        let work = Some(Work::GenerateText(GenerateTextWork { request }));
        common.submit(client, Job { work, ..Job::default() }).await
    })
}
