//! Reads the configuration again when it changes.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use fault::Chain;
use runtime::Life;
use tokio::time::MissedTickBehavior;

use crate::{Assembly, Config, McpError, Means, start::Faces};

/// How often the file is looked at. Mounted config maps are swapped as links, which watchers of files miss.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The tools of the running service, and how to build them again.
pub(crate) struct Reload {
    pub(crate) path: PathBuf,
    pub(crate) means: Means,
    pub(crate) faces: Faces,
    /// What is shown.
    pub(crate) assembly: Assembly,
    /// What it was read from.
    pub(crate) text: Vec<u8>,
    /// Why what lies there now cannot be used, if it cannot.
    pub(crate) problem: Option<String>,
    /// Until when, and whose tasks are those of new tools.
    pub(crate) life: Life,
}

impl Reload {
    /// Follows the file until the process drains. One that cannot be used changes nothing: the tools stay as they were.
    pub(crate) async fn follow(mut self) {
        let mut draining = std::pin::pin!(self.life.draining());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut draining => return,
                _ = looks.tick() => self.look().await,
                () = self.means.peers.changed() => self.faces.show_all(&self.assembly),
            }
        }
    }

    async fn look(&mut self) {
        // A file that is not there for a moment is one that is being replaced.
        let Ok(text) = text(&self.path).await else { return };
        if text == self.text {
            return;
        }
        match self.rebuild().await {
            Ok(count) => {
                tracing::info!(tools = count, "the tools were read again");
                (self.text, self.problem) = (text, None);
            }
            // What it needs may be away: it is tried again, and told once.
            Err(error) => self.complain(Chain(&error).to_string()),
        }
    }

    fn complain(&mut self, problem: String) {
        if self.problem.as_ref() != Some(&problem) {
            tracing::error!("the tools stay as they were, since the new file cannot be used: {problem}");
            self.problem = Some(problem);
        }
    }

    async fn rebuild(&mut self) -> Result<usize, McpError> {
        let config = Config::read(&self.path)?;
        let mut assembly = Assembly::of(&config, &self.means).await?;
        assembly.begin(&self.life);
        self.faces.show_all(&assembly);
        let count = assembly.tools.len();
        // What was shown goes only now, and with it the servers that nobody names any more.
        self.assembly = assembly;
        Ok(count)
    }
}

/// All that the tools are read from: the file, and the documents that it names.
pub(crate) async fn text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = tokio::fs::read(path).await?;
    let documents = Config::read(path).map(|config| config.documents()).unwrap_or_default();
    for document in documents {
        // One that is not there is told by whoever needs it.
        text.extend(tokio::fs::read(document).await.unwrap_or_default());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use prometheus_client::registry::Registry;
    use runtime::Life;
    use tempfile::TempDir;
    use tools::Caller;

    use super::Reload;
    use crate::{Assembly, Means, start::Faces};

    fn reload(folder: &TempDir) -> Reload {
        let means = Means::register(&mut Registry::default(), None);
        let path = folder.path().join("tools.toml");
        Reload {
            path,
            means,
            faces: Faces::default(),
            assembly: Assembly::default(),
            text: Vec::new(),
            problem: None,
            life: Life::new(),
        }
    }

    async fn names_after(reload: &mut Reload, more: &str) -> Vec<String> {
        let folder = reload.path.parent().unwrap().join("bucket");
        let bucket = format!("[s3.buckets.a]\nurl = \"file://{}\"\nread = [\"\"]\n", folder.display());
        fs::write(&reload.path, bucket + more).unwrap();
        reload.look().await;
        let tools = reload.faces.registry.list(&Caller::new("me"));
        tools.iter().map(|tool| tool.descriptor.name.to_string()).collect()
    }

    #[tokio::test]
    async fn a_change_is_taken_and_one_that_cannot_be_used_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        assert_eq!(names_after(&mut reload, "").await.len(), 4);
        let switched = names_after(&mut reload, "[tools.s3_stat]\nenabled = false\n").await;
        assert_eq!(switched, ["s3_get", "s3_list", "s3_presign"]);
        for wrong in ["[tools.s3_drop]\n", "nonsense", "[policy]\ntimeout = \"soon\"\n"] {
            assert_eq!(names_after(&mut reload, wrong).await, switched, "{wrong}");
        }
        fs::remove_file(&reload.path).unwrap();
        reload.look().await;
        assert_eq!(reload.faces.registry.list(&Caller::new("me")).len(), 3);
    }

    #[tokio::test]
    async fn what_could_not_be_used_is_tried_again_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        let api = "[http.pets]\nurl = \"https://pets.example.com\"\nopenapi = \"pets.yaml\"\noperations = [\"list\"]\n";
        assert!(names_after(&mut reload, api).await.is_empty());
        assert!(reload.problem.is_some());
        let document = |summary: &str| {
            format!("openapi: 3.1.0\npaths:\n  /pets:\n    get: {{operationId: list, summary: {summary}}}\n")
        };
        fs::write(folder.path().join("pets.yaml"), document("one")).unwrap();
        reload.look().await;
        let title = |reload: &Reload| {
            let tool = reload.faces.registry.get("pets_list", &Caller::new("me")).unwrap();
            tool.descriptor.title.clone()
        };
        assert_eq!((title(&reload).as_deref(), &reload.problem), (Some("one"), &None));
        fs::write(folder.path().join("pets.yaml"), document("two")).unwrap();
        reload.look().await;
        assert_eq!(title(&reload).as_deref(), Some("two"));
    }
}
