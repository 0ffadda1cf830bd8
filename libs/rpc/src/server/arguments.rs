//! What can be set about a server.

use std::{path::PathBuf, time::Duration};

use arguments::{SettingsFile, positive, positive_duration};
use clap::Args;

use crate::{RpcError, tls::Identity};

/// The deadline of a call for which nobody has said one, unless a shorter one is the longest.
const DEADLINE: Duration = Duration::from_mins(5);

/// The arguments of a gRPC server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "gRPC server")]
pub struct ServerArguments {
    /// PEM file of the certificate chain to serve TLS with; plaintext HTTP/2 without it.
    #[arg(long, env = "ONDOL_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the private key that belongs to --tls-cert.
    #[arg(long, env = "ONDOL_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// PEM file of the authority that must have signed every client's certificate (mutual TLS).
    #[arg(long, env = "ONDOL_TLS_CLIENT_CA", value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Calls that may run at once, streams until they end. One more is answered `RESOURCE_EXHAUSTED` at once, with
    /// the time to come back. Health and reflection are not counted, nor is a call while its body is awaited.
    #[arg(
        long, env = "ONDOL_MAX_CONCURRENCY", value_name = "CALLS",
        default_value_t = 1024, value_parser = positive::<usize>
    )]
    pub max_concurrency: usize,
    /// Deadline of a call whose caller gives none [default: 5m, or --max-deadline where that is shorter]
    #[arg(long, env = "ONDOL_DEFAULT_DEADLINE", value_name = "TIME", value_parser = positive_duration)]
    pub default_deadline: Option<Duration>,
    /// Longest deadline that a caller may ask for. It bounds how long a stream can hold an old pod.
    #[arg(
        long, env = "ONDOL_MAX_DEADLINE", value_name = "TIME",
        default_value = "30m", value_parser = positive_duration
    )]
    pub max_deadline: Duration,
    /// Largest request message in bytes. A larger one is answered `OUT_OF_RANGE` before it is read.
    #[arg(
        long, env = "ONDOL_MAX_MESSAGE_BYTES", value_name = "BYTES",
        default_value_t = 4 * 1024 * 1024, value_parser = positive::<usize>
    )]
    pub max_message_bytes: usize,
    /// Streams that one connection may carry at once; a client that wants more waits for one to end.
    #[arg(
        long, env = "ONDOL_MAX_CONNECTION_STREAMS", value_name = "STREAMS",
        default_value_t = 256, value_parser = positive::<u32>
    )]
    pub max_connection_streams: u32,
    /// Connections that may be open at once; further ones wait to be accepted.
    #[arg(
        long, env = "ONDOL_MAX_CONNECTIONS", value_name = "CONNECTIONS",
        default_value_t = 4096, value_parser = positive::<usize>
    )]
    pub max_connections: usize,
    /// Age at which a connection is told to go elsewhere, give or take a tenth, so that clients spread over new pods.
    /// Its streams may end in peace.
    #[arg(
        long, env = "ONDOL_MAX_CONNECTION_AGE", value_name = "TIME",
        default_value = "15m", value_parser = positive_duration
    )]
    pub max_connection_age: Duration,
    /// How often a connection is probed with an HTTP/2 ping; one that does not answer in 20 s is closed.
    #[arg(
        long, env = "ONDOL_KEEPALIVE", value_name = "TIME",
        default_value = "30s", value_parser = positive_duration
    )]
    pub keepalive: Duration,
    /// How long a client may leave an answer that is ready for it; its connection is closed then, and what ran for it
    /// ends.
    #[arg(
        long, env = "ONDOL_MAX_STALL", value_name = "TIME",
        default_value = "1m", value_parser = positive_duration
    )]
    pub max_stall: Duration,
}

impl ServerArguments {
    /// The limits to set on each generated server.
    pub fn message_limits(&self) -> MessageLimits {
        MessageLimits { decoding: self.max_message_bytes, encoding: usize::MAX }
    }

    /// Checks that they go together, for whoever does slow things before it makes the server.
    pub(crate) fn check(&self) -> Result<(), RpcError> {
        let longest = self.max_deadline;
        match self.default_deadline.filter(|default| *default > longest) {
            Some(default) => Err(RpcError::Settings(format!(
                "--default-deadline: expected at most --max-deadline, which is {longest:?}, found {default:?}"
            ))),
            None => Ok(()),
        }
    }

    /// The deadline of a call whose caller gives none.
    pub(crate) fn deadline(&self) -> Duration {
        self.default_deadline.unwrap_or(DEADLINE).min(self.max_deadline)
    }

    pub(crate) fn tls_identity(&self) -> Result<Option<Identity<'_>>, RpcError> {
        match (&self.tls_cert, &self.tls_key, &self.tls_client_ca) {
            (Some(certificate), Some(key), _) => Ok(Some(Identity {
                certificate: SettingsFile::new("--tls-cert", certificate),
                key: SettingsFile::new("--tls-key", key),
            })),
            (None, None, None) => Ok(None),
            (None, None, Some(_)) => {
                Err(RpcError::Settings("--tls-client-ca needs --tls-cert and --tls-key beside it".into()))
            }
            _ => Err(RpcError::Settings(
                "--tls-cert and --tls-key need each other: give both or neither".into(),
            )),
        }
    }
}

/// How large a message may be, for `max_decoding_message_size` and `max_encoding_message_size` of generated servers.
///
/// tonic answers `OUT_OF_RANGE` to a larger one, from its length alone, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// Bytes of a request.
    pub decoding: usize,
    /// Bytes of a response; ours are bounded where they are made.
    pub encoding: usize,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::ServerArguments;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        server: ServerArguments,
    }

    #[test]
    fn no_time_at_all_is_refused_where_nothing_could_be_done_in_it() {
        let parse = |flags: &[&str]| Line::try_parse_from([&["x"], flags].concat());
        assert!(!parse(&[]).unwrap().server.max_stall.is_zero());
        for flag in
            ["--default-deadline", "--max-deadline", "--max-connection-age", "--keepalive", "--max-stall"]
        {
            let told = parse(&[flag, "0s"]).unwrap_err().to_string();
            assert!(told.contains(flag) && told.contains("more than no time"), "{told}");
        }
    }

    #[test]
    fn room_for_nothing_is_refused() {
        let parse = |flag: &str, value: &str| Line::try_parse_from(["x", &format!("{flag}={value}")]);
        for flag in
            ["--max-concurrency", "--max-message-bytes", "--max-connection-streams", "--max-connections"]
        {
            assert!(parse(flag, "1").is_ok(), "{flag}");
            for wrong in ["0", "-5", "many"] {
                let told = parse(flag, wrong).unwrap_err().to_string();
                assert!(told.contains(flag) && told.contains("expected a whole number, 1 or more"), "{told}");
            }
        }
    }

    #[test]
    fn the_deadline_of_whoever_gives_none_is_within_the_longest() {
        let parse = |flags: &[&str]| Line::try_parse_from([&["x"], flags].concat()).unwrap().server;
        let deadline = |flags: &[&str]| {
            let server = parse(flags);
            server.check().map(|()| server.deadline().as_secs()).map_err(|error| error.to_string())
        };
        assert_eq!(deadline(&[]), Ok(300));
        assert_eq!(deadline(&["--max-deadline", "1m"]), Ok(60));
        assert_eq!(deadline(&["--default-deadline", "1m", "--max-deadline", "1m"]), Ok(60));
        for wrong in
            [&["--default-deadline", "2h", "--max-deadline", "1m"][..], &["--default-deadline", "31m"]]
        {
            let told = deadline(wrong).unwrap_err();
            assert!(told.contains("--default-deadline") && told.contains("--max-deadline"), "{told}");
        }
    }
}
