//! Reads the configuration again when it changes.

use std::{path::PathBuf, time::Duration};

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
    /// What was read last.
    pub(crate) text: Vec<u8>,
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
        let Ok(text) = tokio::fs::read(&self.path).await else { return };
        if text == self.text {
            return;
        }
        self.text = text;
        match self.rebuild().await {
            Ok(count) => tracing::info!(tools = count, "the tools were read again"),
            Err(error) => {
                tracing::error!(
                    "the tools stay as they were, since the new file cannot be used: {}",
                    Chain(&error)
                );
            }
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
}
