//! Reads the file of routes again when it changes.
//!
//! Whatever becomes of the file, calls only change to routes that it describes: a file that is gone, that cannot be
//! read or used, leaves them as they were. Calls that run go on where they are.

use std::{
    mem,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use fault::Chain;
use rpc::Upstream;
use runtime::Life;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{
    Metrics, Routes,
    arguments::{named, text},
    file::File,
    open::Opener,
};
use crate::ApiError;

/// How often the file is looked at. Mounted config maps are swapped as links, which watchers of files miss.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The routes of the running service, and how to make them again.
pub(crate) struct Reload {
    path: PathBuf,
    /// What the routes were read from.
    text: String,
    opener: Opener,
    routes: watch::Sender<Arc<Routes>>,
    /// Why what lies there now cannot be used, if it cannot.
    problem: Option<String>,
    /// Whether it could not be read at the last look.
    is_away: bool,
    metrics: Metrics,
}

impl Reload {
    /// Reads the file and connects to its releases; returns the routes as well, as they are and will be.
    pub(super) fn begin(
        path: PathBuf,
        mut opener: Opener,
        metrics: Metrics,
    ) -> Result<(Self, watch::Receiver<Arc<Routes>>), ApiError> {
        let text = text(&path)?;
        let (routes, _) = open(&mut opener, &path, &text)?;
        let (routes, receiver) = watch::channel(Arc::new(routes));
        Ok((Self { path, text, opener, routes, problem: None, is_away: false, metrics }, receiver))
    }

    /// Follows the file until the process drains, and then waits until the connections are closed.
    pub(crate) async fn follow(mut self, life: Life) {
        let mut draining = pin!(life.draining());
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let looking = async {
                looks.tick().await;
                self.look(&life).await;
            };
            tokio::select! {
                () = &mut draining => break,
                () = looking => {}
            }
        }
        let upstreams = self.opener.upstreams();
        drop(self);
        for upstream in upstreams {
            upstream.closed().await;
        }
    }

    async fn look(&mut self, life: &Life) {
        let path = self.path.clone();
        let text = match spawn_blocking(move || text(&path)).await {
            Ok(Ok(text)) => text,
            // A file that is not there for a moment is one that is being replaced.
            Ok(Err(_)) if !mem::replace(&mut self.is_away, true) => return,
            Ok(Err(error)) => return self.complain(&error.into()),
            // The runtime is going away.
            Err(_) => return,
        };
        self.is_away = false;
        if text == self.text {
            if self.problem.take().is_some() {
                tracing::info!("the file of routes is again the one that the routes were read from");
                self.metrics.restored();
            }
            return;
        }
        match open(&mut self.opener, &self.path, &text) {
            Ok((routes, gone)) => {
                let releases = routes.releases().len();
                self.routes.send_replace(Arc::new(routes));
                (self.text, self.problem) = (text, None);
                self.metrics.taken();
                tracing::info!(releases, "the routes were read again");
                for upstream in gone {
                    // What runs there may end.
                    life.spawn("upstream", upstream.closed());
                }
            }
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &ApiError) {
        let problem = Chain(error).to_string();
        if self.problem.as_ref() != Some(&problem) {
            tracing::error!(
                file = %self.path.display(),
                "the routes stay as they were, since the file that describes them cannot be used: {problem}"
            );
            self.problem = Some(problem);
            self.metrics.refused();
        }
    }
}

/// The routes of the text of a file, and what they leave behind; the error says in which file.
fn open(opener: &mut Opener, path: &Path, text: &str) -> Result<(Routes, Vec<Upstream>), ApiError> {
    let opened = File::from_toml(text).map_err(ApiError::from).and_then(|file| opener.open(&file));
    opened.map_err(|error| match error {
        ApiError::Route(flaw) => named(path).wrong(flaw.found_in(text)).into(),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use prometheus_client::{encoding::text::encode, registry::Registry};
    use rpc::{UpstreamMetrics, UpstreamSettings};
    use runtime::Life;
    use tempfile::NamedTempFile;
    use testkit::capture_logs;

    use super::Reload;
    use crate::routes::{Metrics, Release, Routes, open::Opener};

    const BLUE: &str = "[releases.blue]\nurl = \"http://127.0.0.1:1\"\n";
    const GREEN: &str = "[releases.green]\nurl = \"http://127.0.0.1:2\"\n";

    fn route(model: &str, release: &str) -> String {
        format!("[[routes]]\nmodel = \"{model}\"\ntargets = [{{ release = \"{release}\" }}]\n")
    }

    struct Stand {
        file: NamedTempFile,
        reload: Reload,
        registry: Registry,
        life: Life,
    }

    impl Stand {
        fn new() -> Self {
            let file = NamedTempFile::new().unwrap();
            fs::write(file.path(), BLUE.to_owned() + &route("a", "blue")).unwrap();
            let mut registry = Registry::default();
            let metrics = Metrics::register(&mut registry);
            let base = UpstreamSettings::new("llm-inference", "http://127.0.0.1:0".parse().unwrap());
            let opener = Opener::new(base, UpstreamMetrics::register(&mut registry), metrics.clone());
            let (reload, _) = Reload::begin(file.path().to_owned(), opener, metrics).unwrap();
            Self { file, reload, registry, life: Life::new() }
        }

        async fn after(&mut self, text: &str) -> Arc<Routes> {
            fs::write(self.file.path(), text).unwrap();
            self.look().await
        }

        async fn look(&mut self) -> Arc<Routes> {
            self.reload.look(&self.life).await;
            Arc::clone(&self.reload.routes.borrow())
        }

        fn figures(&self) -> Vec<String> {
            let mut text = String::new();
            encode(&mut text, &self.registry).unwrap();
            let ours = ["ondol_route_reloads_total{", "ondol_route_outdated "];
            text.lines()
                .filter(|line| ours.iter().any(|it| line.starts_with(it)))
                .map(str::to_owned)
                .collect()
        }
    }

    fn first(routes: &Routes, model: &str) -> Option<Arc<Release>> {
        routes.find(model).map(|route| Arc::clone(route.targets()[0].release()))
    }

    #[tokio::test]
    async fn what_the_file_says_anew_is_taken_and_what_stays_keeps_its_connection() {
        let mut stand = Stand::new();
        let routes = stand.look().await;
        let before = first(&routes, "a").unwrap();
        let routes =
            stand.after(&format!("{BLUE}{GREEN}{}{}", route("a", "blue"), route("b", "green"))).await;
        assert!(Arc::ptr_eq(&before, &first(&routes, "a").unwrap()));
        assert_eq!(first(&routes, "b").unwrap().name(), "green");
        let elsewhere = BLUE.replace(":1\"", ":3\"");
        let routes = stand.after(&(elsewhere + &route("a", "blue"))).await;
        assert!(!Arc::ptr_eq(&before, &first(&routes, "a").unwrap()), "it is at another place now");
        assert!(first(&routes, "b").is_none());
        let figures = stand.figures();
        assert!(
            figures.contains(&"ondol_route_reloads_total{outcome=\"taken\"} 2".to_owned()),
            "{figures:?}"
        );
        assert!(figures.contains(&"ondol_route_outdated 0".to_owned()), "{figures:?}");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_changes_nothing_and_is_told_once() {
        let logs = capture_logs();
        let mut stand = Stand::new();
        let before = stand.look().await;
        for wrong in ["", "[releases", &(BLUE.to_owned() + &route("a", "red")), BLUE] {
            let after = stand.after(wrong).await;
            assert!(Arc::ptr_eq(&before, &after), "{wrong}");
            stand.look().await;
        }
        let told = logs.lines_with(&["the routes stay as they were"]);
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[2].contains("routes[0].targets[0].release: expected one of blue"), "{told:#?}");
        let figures = stand.figures();
        assert!(
            figures.contains(&"ondol_route_reloads_total{outcome=\"refused\"} 4".to_owned()),
            "{figures:?}"
        );
        assert!(figures.contains(&"ondol_route_outdated 1".to_owned()), "{figures:?}");

        stand.after(&(BLUE.to_owned() + &route("a", "blue"))).await;
        assert!(stand.figures().contains(&"ondol_route_outdated 0".to_owned()));
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_told_at_the_second_look() {
        let logs = capture_logs();
        let mut stand = Stand::new();
        fs::remove_file(stand.file.path()).unwrap();
        let before = stand.look().await;
        assert_eq!(logs.lines_with(&["the routes stay as they were"]).len(), 0);
        assert!(Arc::ptr_eq(&before, &stand.look().await));
        assert_eq!(logs.lines_with(&["the routes stay as they were", "No such file"]).len(), 1);
    }
}
