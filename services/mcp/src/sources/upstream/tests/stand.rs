//! Tools out of a configuration that names another server.

use std::{fmt::Write as _, net::SocketAddr};

use prometheus_client::{encoding::text::encode, registry::Registry};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tools::{Call, Caller, Output, Registry as Shown, ToolsError};

use super::liar::Liar;
use crate::{Assembly, Config, Found, Means, sources::upstream::survey};

/// The secret that the other server is asked with.
pub(super) const SECRET: &str = "correct horse/battery";

/// The tools, and where they are made.
pub(super) struct Stand {
    pub(super) means: Means,
    pub(super) metrics: Registry,
    pub(super) assembly: Assembly,
    pub(super) shown: Shown,
    folder: TempDir,
}

impl Stand {
    /// With the server's tool `echo`, pinned as it is now.
    pub(super) async fn of(liar: &Liar, more: &str) -> Self {
        let mut stand = Self::new();
        let pins = stand.pins(liar.address, "tools = [\"echo\"]\n").await;
        stand.read(&described(liar.address, &format!("{more}\n{pins}"))).await;
        stand.look().await;
        stand
    }

    pub(super) fn new() -> Self {
        runtime::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), SECRET).unwrap();
        let mut metrics = Registry::default();
        let means = Means::register(&mut metrics, None);
        Self { means, metrics, assembly: Assembly::default(), shown: Shown::default(), folder }
    }

    /// Has another secret kept.
    pub(super) fn secret(&self, secret: &str) {
        std::fs::write(self.folder.path().join("key"), secret).unwrap();
    }

    /// Reads a configuration, as at a reload.
    pub(super) async fn read(&mut self, text: &str) {
        let config = self.config(text);
        self.assembly = Assembly::of(&config, &self.means).await.unwrap();
        self.assembly.remember();
        self.shown.replace(self.assembly.current());
    }

    pub(super) fn config(&self, text: &str) -> Config {
        Config::parse(&format!("[secrets]\nfolder = {:?}\n{text}", self.folder.path())).unwrap()
    }

    /// Looks at the servers once, as the tasks do that follow them.
    pub(super) async fn look(&self) -> Vec<Option<bool>> {
        let looked = self.assembly.look().await;
        self.shown.replace(self.assembly.current());
        looked
    }

    /// The table of pins of what a server has now.
    pub(super) async fn pins(&self, address: SocketAddr, more: &str) -> String {
        let mut text = "[upstreams.up.pins]\n".to_owned();
        for found in self.survey(address, more).await.unwrap() {
            if let Some(digest) = found.digest {
                let _ = writeln!(text, "{} = \"{digest}\"", found.name);
            }
        }
        text
    }

    pub(super) async fn survey(&self, address: SocketAddr, more: &str) -> Result<Vec<Found>, String> {
        let config = self.config(&described(address, more));
        survey(&config, &self.means).await.unwrap().remove(0).outcome
    }

    pub(super) fn names(&self) -> Vec<String> {
        let tools = self.shown.list(&Caller::new("me"));
        tools.iter().map(|tool| tool.descriptor.name.to_string()).collect()
    }

    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Output, ToolsError> {
        self.shown.call(tool, call(arguments)).await
    }

    /// Calls the liar's tool.
    pub(super) async fn echo(&self) -> Result<Output, ToolsError> {
        self.call("up_echo", json!({"text": "hello"})).await
    }

    /// The metrics whose lines hold this.
    pub(super) fn metric(&self, piece: &str) -> Vec<String> {
        let mut text = String::new();
        encode(&mut text, &self.metrics).unwrap();
        text.lines()
            .filter(|line| line.contains(piece) && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    }
}

pub(super) fn call(arguments: Value) -> Call {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
    Call::new(arguments, Caller::new("me"))
}

/// A server of this machine, called `up`.
pub(super) fn described(address: SocketAddr, more: &str) -> String {
    format!(
        "[upstreams.up]\nurl = \"http://{address}/mcp\"\nprivate = [\"127.0.0.0/8\"]\nplain_http = true\nstall_timeout = \"2m\"\n\
         policy = {{ attempts = 1, attempt_timeout = \"25s\", breaker.enabled = false }}\n{more}"
    )
}
