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
    #[arg(long, value_parser = owner)]
    owner: Option<String>,
    /// The most keys to print
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON array of keys, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let asked = arguments.owner.clone().unwrap_or_default();
    arguments.connection.block_on(async |mut client| {
        let (keys, more) = gather(arguments.most, async |page_size, page_token| {
            let request = ListApiKeysRequest { page_size, page_token, owner: asked.clone() };
            let page = client.keys().list_api_keys(request).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            Ok((page.api_keys, page.next_page_token))
        })
        .await?;
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&array("ondol.admin.v1.ApiKey", &keys)?)?);
        } else if keys.is_empty() {
            say!("{}", none(arguments.owner.as_deref()));
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

/// An owner as keys can have it.
fn owner(text: &str) -> Result<String, String> {
    accounts::check_key_name(text).map(|()| text.to_owned()).map_err(|wrong| wrong.to_string())
}

fn none(owner: Option<&str>) -> String {
    match owner {
        Some(owner) => format!("No keys of {owner} were created here; without --owner all are listed."),
        None => "No keys were created here.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Arguments, none};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        _arguments: Arguments,
    }

    #[test]
    fn an_owner_that_no_key_can_have_is_wrong_and_one_without_keys_is_named() {
        assert!(Line::try_parse_from(["list", "--owner", "team-a"]).is_ok());
        for wrong in ["", "a b", ".a", "apiKeys/0a"] {
            let said = Line::try_parse_from(["list", "--owner", wrong]).err().unwrap().to_string();
            assert!(said.contains("1 to 63 letters"), "{said}");
        }
        assert!(none(Some("team-a")).starts_with("No keys of team-a "));
    }
}
