//! Reads the configuration again when it changes.
//!
//! Whatever becomes of the file, the tools only change to ones that it describes: a file that is gone, that cannot be read or
//! used, or that describes nothing any more leaves them as they were.

mod metrics;

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind},
    mem,
    path::{Path, PathBuf},
    time::Duration,
};

use arguments::Flaw;
use fault::Chain;
use runtime::Life;
use tokio::time::{MissedTickBehavior, timeout};

pub(crate) use self::metrics::Metrics;
use crate::{Assembly, Config, McpError, Means, arguments::tools_file, start::Faces};

/// How often the file is looked at. Mounted config maps are swapped as links, which watchers of files miss.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A mount that does not answer must not keep other changes away.
const READ_WITHIN: Duration = Duration::from_secs(10);

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
    /// Whether it could not be read at the last look.
    pub(crate) is_away: bool,
    pub(crate) metrics: Metrics,
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
        let text = match text(&self.path).await {
            Ok(text) => text,
            // A file that is not there for a moment is one that is being replaced.
            Err(_) if !mem::replace(&mut self.is_away, true) => return,
            Err(source) => {
                let error = tools_file(&self.path).unread(source);
                return self.complain(Chain(&error).to_string());
            }
        };
        self.is_away = false;
        if text == self.text {
            if self.problem.take().is_some() {
                tracing::info!("the file of tools is again the one that the tools were read from");
                self.metrics.restored();
            }
            return;
        }
        match self.rebuild().await {
            Ok(()) => {
                (self.text, self.problem) = (text, None);
                self.metrics.taken();
            }
            // What it needs may be away: it is tried again, and told once.
            Err(error) => self.complain(Chain(&error).to_string()),
        }
    }

    fn complain(&mut self, problem: String) {
        if self.problem.as_ref() != Some(&problem) {
            tracing::error!(
                file = %self.path.display(),
                tools = self.assembly.current().len(),
                "the tools stay as they were, since the file that describes them cannot be used: {problem}"
            );
            self.problem = Some(problem);
            self.metrics.refused();
        }
    }

    async fn rebuild(&mut self) -> Result<(), McpError> {
        let file = tools_file(&self.path);
        let config = Config::of(&file)?;
        if config.is_bare() && !config.no_tools && !self.assembly.is_bare() {
            // A file that was cut off is still a file. What it took away would be missed by everybody at once.
            let said = "it describes no tools any more; if none are meant, it has to say so: no_tools = true";
            return Err(file.wrong(Flaw::new("", said)).into());
        }
        let made = Assembly::of(&config, &self.means).await;
        let mut assembly = made.map_err(|error| error.in_file(&file))?;
        assembly.begin(&self.life);
        let before = names(&self.assembly);
        self.faces.show_all(&assembly);
        // What was shown goes only now, and with it the servers that nobody names any more.
        self.assembly = assembly;
        let after = names(&self.assembly);
        tracing::info!(tools = after.len(), "the tools were read again");
        let gone: Vec<_> = before.difference(&after).map(String::as_str).collect();
        if !gone.is_empty() {
            tracing::warn!(gone = gone.join(", "), "tools are gone that were there before");
        }
        Ok(())
    }
}

fn names(assembly: &Assembly) -> BTreeSet<String> {
    assembly.current().iter().map(|tool| tool.descriptor.name.to_string()).collect()
}

/// All that the tools are read from: the file, and the documents that it names.
pub(crate) async fn text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = bytes(path).await?;
    let documents = Config::read(path).map(|config| config.documents()).unwrap_or_default();
    for document in documents {
        // One that is not there is told by whoever needs it.
        text.extend(bytes(&document).await.unwrap_or_default());
    }
    Ok(text)
}

/// A file, in its time. A pipe would be waited for without end, and with it every change of the tools.
async fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let reading = async {
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "expected a regular file"));
        }
        tokio::fs::read(path).await
    };
    let late = |_| io::Error::new(ErrorKind::TimedOut, "it could not be read in 10 seconds");
    timeout(READ_WITHIN, reading).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use prometheus_client::{encoding::text::encode, registry::Registry};
    use runtime::Life;
    use tempfile::TempDir;
    use testkit::capture_logs;
    use tools::Caller;

    use super::{Metrics, Reload};
    use crate::{Assembly, Means, start::Faces};

    fn reload(folder: &TempDir) -> Reload {
        measured(folder, &mut Registry::default())
    }

    fn measured(folder: &TempDir, registry: &mut Registry) -> Reload {
        let means = Means::register(registry, None);
        let path = folder.path().join("tools.toml");
        Reload {
            path,
            means,
            faces: Faces::default(),
            assembly: Assembly::default(),
            text: Vec::new(),
            problem: None,
            is_away: false,
            metrics: Metrics::register(registry),
            life: Life::new(),
        }
    }

    fn count(reload: &Reload) -> usize {
        reload.faces.registry.list(&Caller::new("me")).len()
    }

    fn figures(registry: &Registry) -> Vec<String> {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text.lines().filter(|line| line.starts_with("ondol_tools_")).map(str::to_owned).collect()
    }

    async fn names_after(reload: &mut Reload, more: &str) -> Vec<String> {
        let folder = reload.path.parent().unwrap().join("bucket");
        fs::create_dir_all(&folder).unwrap();
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
    }

    #[tokio::test]
    async fn a_file_that_is_gone_takes_no_tool_away_and_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Registry::default();
        let mut reload = measured(&folder, &mut registry);
        names_after(&mut reload, "").await;
        let logs = capture_logs();
        let text = fs::read(&reload.path).unwrap();
        let path = reload.path.display().to_string();
        fs::remove_file(&reload.path).unwrap();
        reload.look().await;
        assert!(logs.lines_with(&["ERROR"]).is_empty(), "it may be one that is being replaced");
        for _ in 0..3 {
            reload.look().await;
        }
        assert_eq!((count(&reload), logs.lines_with(&["ERROR", "stay as they were", &path]).len()), (4, 1));
        fs::create_dir(&reload.path).unwrap();
        for _ in 0..3 {
            reload.look().await;
        }
        assert_eq!((count(&reload), logs.lines_with(&["ERROR", "stay as they were", &path]).len()), (4, 2));
        let told = figures(&registry);
        assert!(told.contains(&"ondol_tools_reloads_total{outcome=\"refused\"} 2".to_owned()), "{told:?}");
        assert!(told.contains(&"ondol_tools_outdated 1".to_owned()), "{told:?}");
        fs::remove_dir(&reload.path).unwrap();
        fs::write(&reload.path, text).unwrap();
        reload.look().await;
        assert_eq!(logs.lines_with(&["again the one"]).len(), 1);
        assert!(figures(&registry).contains(&"ondol_tools_outdated 0".to_owned()));
    }

    #[tokio::test]
    async fn a_file_that_was_emptied_takes_no_tool_away_unless_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        names_after(&mut reload, "").await;
        let logs = capture_logs();
        for emptied in ["", "# nothing\n", "[policy]\ntimeout = \"5s\"\n"] {
            fs::write(&reload.path, emptied).unwrap();
            reload.look().await;
            assert_eq!(count(&reload), 4, "{emptied}");
        }
        assert_eq!(logs.lines_with(&["ERROR", "no_tools = true"]).len(), 1);
        fs::write(&reload.path, "no_tools = true\n").unwrap();
        reload.look().await;
        assert_eq!(count(&reload), 0);
        assert_eq!(logs.lines_with(&["WARN", "s3_get", "gone"]).len(), 1);
        fs::write(&reload.path, "").unwrap();
        reload.look().await;
        assert_eq!(reload.problem, None, "there was nothing to lose");
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
