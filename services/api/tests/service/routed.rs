//! What tests of routes stand on: an api in front of several releases, each of which follows a script of its own.

use std::{fs, net::SocketAddr, time::Duration};

use proto::inference::v1::{
    GenerateTextRequest, ListModelsRequest, inference_service_client::InferenceServiceClient,
};
use runtime::Life;
use tempfile::NamedTempFile;
use tokio::time::timeout;
use tonic::{Response, metadata::MetadataMap, transport::Channel};

use crate::{
    house::channel,
    scripted::{Script, Scripted},
    stand::{Serving, ask, keyed, line, serve},
};

/// What the releases are called. Besides there is always `gone`, which is never there.
const NAMES: [&str; 3] = ["blue", "green", "red"];

/// Api and the releases behind it.
pub(crate) struct Routed {
    pub(crate) releases: Vec<Scripted>,
    pub(crate) address: SocketAddr,
    _serving: Vec<Serving>,
    /// What stands in the file before the routes.
    head: String,
    file: NamedTempFile,
}

impl Routed {
    /// Connected to all that can be.
    pub(crate) async fn new(scripts: &[Script], routes: &str) -> Self {
        Self::with(scripts, routes, &[]).await
    }

    /// The same with more flags for api.
    pub(crate) async fn with(scripts: &[Script], routes: &str, flags: &[&str]) -> Self {
        let releases: Vec<_> = scripts.iter().cloned().map(Scripted::new).collect();
        let (addresses, serving): (Vec<_>, _) = releases.iter().map(serve).unzip();
        let there = NAMES
            .iter()
            .zip(addresses)
            .map(|(name, address)| format!("[releases.{name}]\nurl = \"http://{address}\"\n"));
        let gone = "[releases.gone]\nurl = \"http://127.0.0.1:0\"\n".to_owned();
        let head: String = [gone].into_iter().chain(there).collect();
        let file = file(&(head.clone() + routes));
        let flags = [&["--routes", file.path().to_str().unwrap()], flags].concat();
        let address = api::start(line("http://127.0.0.1:0", &flags), Life::new()).await.unwrap();
        let routed = Self { releases, address, _serving: serving, head, file };
        routed.connected().await;
        routed
    }

    /// Waits until every release was asked for its models, which only one that is connected is where another is.
    async fn connected(&self) {
        let mut client = self.client();
        let asked = async {
            while self.releases.iter().any(|release| release.asked().is_empty()) {
                drop(client.list_models(keyed(ListModelsRequest::default())).await);
            }
        };
        timeout(Duration::from_secs(30), asked).await.unwrap();
        for release in &self.releases {
            release.forget();
        }
    }

    pub(crate) fn client(&self) -> InferenceServiceClient<Channel> {
        InferenceServiceClient::new(channel(self.address))
    }

    /// Puts other routes into the file.
    pub(crate) fn rewrite(&self, routes: &str) {
        fs::write(self.file.path(), self.head.clone() + routes).unwrap();
    }

    /// Which release answers a request for a whole text.
    pub(crate) async fn answers(&self) -> String {
        told(&self.client().generate_text(keyed(ask())).await.unwrap())
    }
}

/// A file of routes.
pub(crate) fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

/// A request for this model.
pub(crate) fn ask_of(model: &str) -> GenerateTextRequest {
    GenerateTextRequest { model: model.into(), ..ask() }
}

/// Which release an answer is said to come from.
pub(crate) fn told<M>(answer: &Response<M>) -> String {
    release(answer.metadata()).unwrap_or_else(|| panic!("nobody is told: {:?}", answer.metadata()))
}

/// The same, if it is said.
pub(crate) fn release(metadata: &MetadataMap) -> Option<String> {
    metadata.get("x-ondol-release").map(|release| release.to_str().unwrap().to_owned())
}
