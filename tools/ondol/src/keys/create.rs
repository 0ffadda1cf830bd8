//! `ondol keys create`.

use accounts::Grants;
use clap::Args;
use jiff::Timestamp;
use proto::admin::v1::{AllowList, ApiKey, ApiKeyGrants, CreateApiKeyRequest};
use rpc::AtMostOnce;
use tonic::Request;

use super::{allowed::Allowed, row};
use crate::{
    client::Connection,
    json,
    output::{say, tell},
};

/// Whose key, and what it shall allow.
#[derive(Args)]
#[command(
    after_help = "The secret alone goes to standard output: KEY=$(ondol keys create team-a --expires 90d)"
)]
pub(crate) struct Arguments {
    /// Whose key it is, in 1 to 63 letters, digits, `.`, `_` or `-`; several keys may be the same one's
    owner: String,
    /// What people shall know about it, in at most 200 characters
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON object with the key and its secret, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = key(arguments)?;
    arguments.connection.block_on(async |mut client| {
        let mut request = Request::new(CreateApiKeyRequest { api_key: Some(key.clone()) });
        // Tried again after a broken connection it would leave a key whose secret nobody has.
        request.extensions_mut().insert(AtMostOnce);
        let created = client.keys().create_api_key(request).await;
        let created = created.map_err(|status| client.explained(status))?.into_inner();
        if arguments.json {
            let whole = json::json("ondol.admin.v1.CreateApiKeyResponse", &created)?;
            say!("{}", serde_json::to_string_pretty(&whole)?);
            return Ok(());
        }
        let key = created.api_key.unwrap_or_default();
        tell!("{}", row::sentence(&key));
        tell!("Its secret is kept nowhere and shown only now. Whoever calls sends `authorization: Bearer SECRET`:");
        say!("{}", created.secret);
        tell!("To end it: ondol keys revoke {}", row::id(&key));
        Ok(())
    })
}

fn key(arguments: &Arguments) -> anyhow::Result<ApiKey> {
    Ok(ApiKey {
        owner: arguments.owner.clone(),
        note: arguments.note.clone(),
        grants: Some(grants(arguments.allowed.grants()?)),
        expire_time: arguments.allowed.expires.map(time),
        limits: arguments.allowed.limits()?,
        ..ApiKey::default()
    })
}

fn grants(grants: Grants) -> ApiKeyGrants {
    let list = |words: Option<Vec<String>>| words.map(|values| AllowList { values });
    ApiKeyGrants {
        scopes: grants.scopes.into_iter().collect(),
        models: list(grants.models),
        tools: list(grants.tools),
        jobs: list(grants.jobs),
    }
}

/// A time in the future, which has no negative nanoseconds.
fn time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Arguments, key};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn every_field_that_is_taken_has_a_flag() {
        let line = [
            ["create", "team-a", "--note", "batch", "--scopes", "admin"],
            ["--models", "qwen*", "--tools", "", "--jobs", "batch"],
        ];
        let more = ["--expires", "2999-01-31", "--limit", "concurrency=4"];
        let line = Line::parse_from([&line[0][..], &line[1], &more].concat());
        let key = key(&line.arguments).unwrap();
        assert_eq!((key.owner.as_str(), key.note.as_str()), ("team-a", "batch"));
        assert_eq!(key.expire_time.unwrap().to_string(), "2999-01-31T00:00:00Z");
        assert_eq!(key.limits.unwrap().concurrency, Some(4));
        let grants = key.grants.unwrap();
        assert_eq!(grants.scopes, ["admin"]);
        assert_eq!(
            (grants.models.unwrap().values, grants.tools.unwrap().values),
            (vec!["qwen*".to_owned()], vec![])
        );
        assert_eq!(grants.jobs.unwrap().values, ["batch"]);
    }
}
