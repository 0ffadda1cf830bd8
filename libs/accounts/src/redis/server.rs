//! One script at the server: sent, and sent again where that can help.

use std::io;

use deadpool_redis::redis::{self, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::time::timeout;

use super::{
    connect::Connector,
    options::RedisOptions,
    script::{Script, Scripts},
};
use crate::AccountsError;

/// Calls of one question at most: the first, one on a fresh connection, one with the script's text.
const TRIES: u32 = 3;

/// Redis, as far as keys and counters need it.
pub(super) struct Server {
    connector: Connector,
    options: RedisOptions,
    pub(super) scripts: Scripts,
    prefix: String,
}

/// What to do about a failed call.
enum Remedy {
    SendText,
    Reconnect,
    /// For the next call: this one has used up its time.
    ReconnectLater,
    None,
}

impl Server {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, AccountsError> {
        Ok(Self {
            connector: Connector::new(options)?,
            options: options.clone(),
            scripts: Scripts::new(),
            // The hash tag is all up to the closing brace.
            prefix: format!("{{{}}}:", options.namespace),
        })
    }

    pub(super) async fn ping(&self) -> Result<(), AccountsError> {
        let mut look = redis::cmd("EXISTS");
        look.arg(&self.prefix);
        self.within_time("answer", async { self.attempt(&look).await.map_err(|(error, _)| error) })
            .await
            .map(drop)
    }

    /// Runs a script. `arguments` is called for each way to send it, since a command owns its bytes.
    pub(super) async fn run(
        &self,
        script: &Script,
        arguments: impl Fn(&mut Cmd) + Send + Sync,
    ) -> Result<Value, AccountsError> {
        self.within_time(script.doing, self.tried(script, arguments)).await
    }

    /// Calls until it is answered, as often as it makes sense.
    async fn tried(
        &self,
        script: &Script,
        arguments: impl Fn(&mut Cmd) + Send + Sync,
    ) -> Result<Value, RedisError> {
        let mut command = self.command("EVALSHA", &script.digest);
        arguments(&mut command);
        let mut tries = 1;
        loop {
            let (error, connection) = match self.attempt(&command).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            let remedy = Remedy::of(&error);
            if let (Some(number), Remedy::Reconnect | Remedy::ReconnectLater) = (connection, &remedy) {
                self.connector.leave(number).await;
            }
            if tries == TRIES || matches!(remedy, Remedy::None | Remedy::ReconnectLater) {
                return Err(error);
            }
            // The server has restarted or forgotten: the text goes along once, in this very call.
            if matches!(remedy, Remedy::SendText) {
                command = self.command("EVAL", &script.text);
                arguments(&mut command);
            }
            tries += 1;
        }
    }

    /// One call; an error comes with the number of the connection on which it happened.
    async fn attempt(&self, command: &Cmd) -> Result<Value, (RedisError, Option<u64>)> {
        let (mut wire, number) = self.connector.get().await.map_err(|error| (error, None))?;
        wire.ask(command).await.map_err(|error| (error, Some(number)))
    }

    /// All tries together have the time of one call, and so has the wait for a connection that others make.
    async fn within_time(
        &self,
        doing: &'static str,
        tries: impl Future<Output = Result<Value, RedisError>> + Send,
    ) -> Result<Value, AccountsError> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
        match timeout(self.options.timeout, tries).await {
            Ok(answer) => answer.map_err(|error| AccountsError::redis(doing, error)),
            Err(_late) => Err(AccountsError::redis(doing, late())),
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        // While a cluster moves a slot, half of the names are here and half there, and no script may run on either half.
        // Two names that are never there have the server say TRYAGAIN on both sides.
        command.arg(script).arg(2).arg(&self.prefix).arg(format!("{}-", self.prefix));
        command
    }
}

impl Remedy {
    fn of(failed: &RedisError) -> Self {
        match failed.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::SendText,
            // A demoted primary answers as ever; only another connection finds the new one.
            ErrorKind::Server(
                ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
            ) => Self::Reconnect,
            _ if failed.is_timeout() => Self::ReconnectLater,
            _ if failed.is_connection_refusal()
                || failed.is_io_error()
                || failed.is_unrecoverable_error() =>
            {
                Self::Reconnect
            }
            _ => Self::None,
        }
    }
}
