//! The command line arguments of the service.

use std::net::SocketAddr;

use accounts::{KeyArguments, KeyringArguments, LimitArguments, RedisArguments as AccountsArguments};
use identity::IdentityArguments;
use jobs::RedisArguments;
use objects::ObjectsArguments;
use rpc::{BrowserArguments, ServerArguments, UpstreamArguments};

use crate::{
    http::ArtifactArguments,
    routes::RouteArguments,
    start::{LlmInference, Mcp},
};

/// What api is told at its start.
///
/// A queue and a store that nobody names are not there: api serves the rest. So their URLs have no default here and are
/// not required.
#[derive(clap::Args, Clone, Debug)]
#[command(
    mut_arg("redis_url", |url| url.default_value(None::<&'static str>)),
    mut_arg("objects_url", |url| url.required(false))
)]
pub struct Arguments {
    /// Where gRPC and HTTP are served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS:PORT",
          value_parser = arguments::address)]
    pub listen: SocketAddr,
    /// The keys of the file, which open the door.
    #[command(flatten)]
    pub keys: KeyArguments,
    /// Where the keys are that are created while the service runs.
    #[command(flatten)]
    pub accounts: AccountsArguments,
    /// What becomes of created keys while their store is away.
    #[command(flatten)]
    pub keyring: KeyringArguments,
    /// Who else is believed about callers.
    #[command(flatten)]
    pub identities: IdentityArguments,
    /// How much callers may use.
    #[command(flatten)]
    pub limits: LimitArguments,
    /// Where models are run, unless `routes` says otherwise.
    #[command(flatten)]
    pub llm_inference: UpstreamArguments<LlmInference>,
    /// Which model is run where, if not all in one place.
    #[command(flatten)]
    pub routes: RouteArguments,
    /// Where tools are.
    #[command(flatten)]
    pub mcp: UpstreamArguments<Mcp>,
    /// Where jobs go.
    #[command(flatten)]
    pub redis: Option<RedisArguments>,
    /// Where artifacts are.
    #[command(flatten)]
    pub objects: Option<ObjectsArguments>,
    /// How artifacts are handed out.
    #[command(flatten)]
    pub artifacts: ArtifactArguments,
    /// How callers reach this service.
    #[command(flatten)]
    pub server: ServerArguments,
    /// Which pages may call.
    #[command(flatten)]
    pub browsers: BrowserArguments,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        service: Arguments,
    }

    fn parse(flags: &[&str]) -> Result<Arguments, String> {
        let line = Line::try_parse_from([&["api"], flags].concat());
        line.map(|line| line.service).map_err(|error| error.to_string())
    }

    #[test]
    fn a_queue_and_a_store_are_there_only_where_they_are_named() {
        let none = parse(&[]).unwrap();
        assert!(none.redis.is_none() && none.objects.is_none());
        let both = parse(&["--redis-url", "redis://r", "--objects-url", "file:///o"]).unwrap();
        assert_eq!(both.redis.unwrap().redis_url, ["redis://r"]);
        assert!(both.objects.is_some());
    }

    #[test]
    fn a_setting_of_a_store_that_nobody_names_is_a_mistake() {
        assert!(parse(&["--objects-region", "x"]).unwrap_err().contains("objects"));
        let redis = parse(&["--redis-service", "x"]).unwrap().redis.unwrap();
        assert!(redis.redis_url.is_empty());
    }
}
