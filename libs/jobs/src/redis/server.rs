//! One script at one shard: sent, and sent again where that is sound.

use std::{fmt::Write, time::Duration};

use deadpool::managed::{Pool, PoolError};
use deadpool_redis::redis::{self, Cmd, ErrorKind, RedisError, ServerErrorKind, Value, aio::ConnectionLike};
use tokio::time::timeout;

use super::{
    connect::{self, Connector, Link},
    options::{RedisOptions, Topology},
    refusal::explain,
    script::{Script, Scripts},
};
use crate::{JobId, JobsError, Name};

/// Calls of one question at most: the first, one on a fresh connection, one with the script's text.
const TRIES: u32 = 3;

/// Redis, as far as the queue needs it.
pub(super) struct Server {
    pool: Pool<Connector>,
    options: RedisOptions,
    pub(super) scripts: Scripts,
    prefixes: Vec<String>,
}

impl Server {
    pub(super) fn new(options: RedisOptions) -> Result<Self, JobsError> {
        let pool = connect::pool(&options)?;
        let prefixes = (0..options.shards).map(|shard| prefix(&options.queue, shard as u8)).collect();
        Ok(Self { pool, options, scripts: Scripts::new(), prefixes })
    }

    pub(super) fn options(&self) -> &RedisOptions {
        &self.options
    }

    pub(super) fn shards(&self) -> u16 {
        self.options.shards
    }

    /// Whether the library below may send a call twice by itself, as it does in a cluster.
    pub(super) fn repeats_calls(&self) -> bool {
        self.options.topology == Topology::Cluster
    }

    /// Where a tenant's jobs live.
    pub(super) fn shard_of(&self, tenant: &Name) -> u8 {
        // FNV-1a: the same on every machine and in every version, which the standard library's hash is not.
        let hash = tenant.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash % u64::from(self.options.shards)) as u8
    }

    pub(super) async fn ping(&self) -> Result<(), JobsError> {
        let doing = "answer a ping";
        let mut link = self.link(doing).await?;
        let mut ping = redis::cmd("PING");
        if self.shards() > 1 {
            ping = redis::cmd("EXISTS");
            ping.arg(&self.prefixes[0]);
        }
        let answer = self.answer(&mut link, &ping).await;
        answer.map(drop).map_err(|error| JobsError::redis(doing, error))
    }

    /// The shard where a job lives. A name from a queue with more of them is that of no job here.
    pub(super) fn home(&self, id: JobId) -> Result<u8, JobsError> {
        let known = u16::from(id.shard()) < self.shards();
        if known { Ok(id.shard()) } else { Err(JobsError::NotFound { id }) }
    }

    /// Runs a script in a shard. `arguments` is called for each try, since a command owns its bytes.
    pub(super) async fn run(
        &self,
        script: &Script,
        shard: u8,
        arguments: impl Fn(&mut Cmd) + Send,
    ) -> Result<Value, JobsError> {
        let Some(prefix) = self.prefixes.get(usize::from(shard)) else {
            // A job's name from a queue with more shards: there is no such place here.
            return Err(JobsError::invalid("job", "expected the name of a job of this queue"));
        };
        let mut command = command("EVALSHA", &script.digest, prefix);
        arguments(&mut command);
        let mut tries = 1;
        loop {
            let mut link = self.link(script.doing).await?;
            let failed = match self.answer(&mut link, &command).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match Remedy::of(&failed, script) {
                // The server has restarted or forgotten: the text goes along once, in this very call.
                Remedy::SendText => {
                    command = self::command("EVAL", &script.text, prefix);
                    arguments(&mut command);
                }
                Remedy::Reconnect => self.renew(&link),
                Remedy::ReconnectLater => {
                    self.renew(&link);
                    tries = TRIES;
                }
                Remedy::None => tries = TRIES,
            }
            if tries == TRIES {
                return Err(JobsError::redis(script.doing, failed));
            }
            tries += 1;
        }
    }

    /// Closes this connection and the idle ones: what happened to it, a restart or a failover, happened to all.
    fn renew(&self, link: &Link) {
        link.spend();
        self.pool.retain(|_link, _metrics| false);
    }

    async fn link(&self, doing: &'static str) -> Result<deadpool::managed::Object<Connector>, JobsError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => JobsError::redis(doing, explain(error)),
            error => JobsError::redis(doing, error),
        })
    }

    /// One answer, or an error in the time that is set.
    async fn answer(&self, link: &mut Link, command: &Cmd) -> Result<Value, RedisError> {
        // The library's own limit comes first; this one is for a cluster that keeps looking for a server.
        let limit = self.options.timeout + Duration::from_secs(1);
        let answer = timeout(limit, link.req_packed_command(command)).await;
        let value = answer.unwrap_or_else(|_late| {
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into())
        })?;
        value.extract_error()
    }
}

fn command(name: &str, script: &str, prefix: &str) -> Cmd {
    let mut command = redis::cmd(name);
    // While a cluster moves a slot, half of a shard's keys are here and half there, and no script may run on either half.
    // Two names that are never there have the server say TRYAGAIN on both sides; with one, or with keys that exist, it
    // would run the script.
    command.arg(script).arg(2).arg(prefix).arg(format!("{prefix}-"));
    command
}

/// The hash tag is all up to the closing brace, so every key of a shard has the same slot.
pub(super) fn prefix(queue: &Name, shard: u8) -> String {
    let mut prefix = format!("{{q:{queue}:");
    // Writing to a string cannot fail.
    let _infallible = write!(prefix, "{shard}}}:");
    prefix
}

/// What to do about a failed call.
enum Remedy {
    SendText,
    Reconnect,
    /// For the next call; this one may have done its work, or used up its time.
    ReconnectLater,
    None,
}

impl Remedy {
    fn of(failed: &RedisError, script: &Script) -> Self {
        match failed.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::SendText,
            // A demoted primary answers pings as ever; only another connection finds the new one.
            ErrorKind::Server(
                ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
            ) => Self::Reconnect,
            _ if failed.is_connection_refusal() => Self::Reconnect,
            _ if failed.is_timeout() => Self::ReconnectLater,
            _ if failed.is_io_error() || failed.is_unrecoverable_error() => {
                if script.is_repeatable {
                    Self::Reconnect
                } else {
                    Self::ReconnectLater
                }
            }
            _ => Self::None,
        }
    }
}
