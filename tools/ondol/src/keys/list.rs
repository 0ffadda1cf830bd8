//! `ondol keys list`.

use clap::Args;
use proto::admin::v1::ListApiKeysRequest;

use super::row;
use crate::{
    client::Connection,
    json::array,
    output::{say, tell},
    pages::gather,
    table,
};

/// Which keys, and how to print them.
#[derive(Args)]
#[command(after_help = "Keys of api's key file are not listed: they are in the file alone.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Only keys of this owner
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,
    /// The most keys to print
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON array of keys, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let (keys, more) = gather(arguments.most, async |page_size, page_token| {
            let request = ListApiKeysRequest { page_size, page_token, owner: arguments.owner.clone() };
            let page = client.keys().list_api_keys(request).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            Ok((page.api_keys, page.next_page_token))
        })
        .await?;
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&array("ondol.admin.v1.ApiKey", &keys)?)?);
        } else if keys.is_empty() {
            say!("No keys were created here.");
        } else {
            let rows = std::iter::once(row::HEAD.map(str::to_owned)).chain(keys.iter().map(row::cells));
            for line in table::lines(&rows.collect::<Vec<_>>()) {
                say!("{line}");
            }
        }
        if more {
            tell!("There are more: --most N shows N of them.");
        }
        Ok(())
    })
}
