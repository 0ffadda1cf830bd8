//! `ondol keys revoke`.

use clap::Args;
use proto::admin::v1::RevokeApiKeyRequest;

use super::row;
use crate::{client::Connection, each::each, names, output::say};

/// Which keys to end.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The ids of the keys, as `ondol keys list` prints them
    #[arg(required = true, value_name = "ID", value_parser = names::key)]
    names: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        each(&arguments.names, async |name| {
            let revoked = client.keys().revoke_api_key(RevokeApiKeyRequest { name: name.clone() }).await;
            let key = revoked.map_err(|status| client.explained(status))?.into_inner();
            let when = row::time(key.revoke_time.as_ref());
            say!(
                "{} of {} was revoked at {when}, and 5 seconds later opens nothing anywhere",
                row::id(&key),
                key.owner
            );
            Ok(())
        })
        .await
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        _arguments: Arguments,
    }

    #[test]
    fn a_key_to_end_is_not_called_like_the_key_to_call_with() {
        let help = Line::command().render_help().to_string();
        assert!(help.contains("<ID>...") && help.matches("<KEY>").count() == 1, "{help}");
    }
}
