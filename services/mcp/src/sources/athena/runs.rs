//! Starts queries, and stops those that nobody waits for any more.
//!
//! A caller may leave at any moment, and then its future is dropped: nothing can be awaited there. So one task owns what has
//! to be awaited. It starts each query, so that one whose caller left before Athena had answered is known all the same; and
//! each query that runs is a [`Running`], which asks the task to stop it when it is dropped.
//!
//! The door holds one sender of the task's channel until the process drains or the tools are replaced. From then on nothing
//! begins, and the channel closes once the last query has ended: that is how the task knows that it is done.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_athena::{
    Client, error::DisplayErrorContext,
    operation::start_query_execution::builders::StartQueryExecutionFluentBuilder,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::sleep,
};

use super::trouble::{Trouble, explain, is_passing, upstream};
use crate::sources::{Errand, Pending};

/// How often it is tried to stop a query.
const STOP_ATTEMPTS: u32 = 5;
/// The wait after the first attempt; each later one is twice as long.
const STOP_BACKOFF: Duration = Duration::from_millis(200);

/// Where queries are started.
pub(super) struct Runs {
    door: Door,
    /// Dropped with the tools.
    _here: oneshot::Sender<()>,
}

/// What new queries go through, until it is closed.
#[derive(Clone)]
struct Door(Arc<Mutex<Option<mpsc::UnboundedSender<Asked>>>>);

impl Door {
    fn enter(&self) -> Option<mpsc::UnboundedSender<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// What the task is asked to do. As many as calls run at once.
enum Asked {
    Start(
        Box<StartQueryExecutionFluentBuilder>,
        oneshot::Sender<Result<Running, Trouble>>,
        mpsc::UnboundedSender<Asked>,
    ),
    Stop(String),
}

/// A query that runs. Dropped, it is stopped.
pub(super) struct Running {
    pub(super) id: String,
    owner: Option<mpsc::UnboundedSender<Asked>>,
}

impl Runs {
    pub(super) fn new(client: Client) -> (Self, Errand) {
        let (open, asked) = mpsc::unbounded_channel();
        let (here, gone) = oneshot::channel();
        let door = Door(Arc::new(Mutex::new(Some(open))));
        let runs = Self { door: door.clone(), _here: here };
        let owner = Owner { client, door, asked, gone };
        (runs, Errand { name: "athena", run: Box::new(|draining| Box::pin(owner.run(draining))) })
    }

    /// Starts a query.
    pub(super) async fn start(&self, start: StartQueryExecutionFluentBuilder) -> Result<Running, Trouble> {
        let going_away = || upstream("this process is going away; another one answers", None);
        let owner = self.door.enter().ok_or_else(going_away)?;
        let (answer, answered) = oneshot::channel();
        let asked = Asked::Start(Box::new(start), answer, owner.clone());
        owner.send(asked).map_err(|_| going_away())?;
        drop(owner);
        answered.await.unwrap_or_else(|_| Err(going_away()))
    }
}

impl Running {
    /// It has ended by itself.
    pub(super) fn ended(mut self) {
        self.owner = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            // Where the task is gone, so is the process.
            let _ = owner.send(Asked::Stop(std::mem::take(&mut self.id)));
        }
    }
}

struct Owner {
    client: Client,
    door: Door,
    asked: mpsc::UnboundedReceiver<Asked>,
    gone: oneshot::Receiver<()>,
}

impl Owner {
    async fn run(mut self, mut draining: Pending) {
        let mut is_open = true;
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut draining, if is_open => is_open = false,
                _ = &mut self.gone, if is_open => is_open = false,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                asked = self.asked.recv() => match asked {
                    Some(asked) => {
                        tasks.spawn(serve(self.client.clone(), asked));
                    }
                    None => break,
                },
            }
            if !is_open {
                self.door.close();
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}

async fn serve(client: Client, asked: Asked) {
    match asked {
        // Its caller has left before anything began.
        Asked::Start(_, answer, _) if answer.is_closed() => {}
        Asked::Start(start, answer, owner) => {
            let started = start.send().await.map_err(|error| explain("start the query", error));
            let running = started.and_then(|started| match started.query_execution_id {
                Some(id) => Ok(Running { id, owner: Some(owner) }),
                None => Err(upstream("it started a query without a name", None)),
            });
            // Where nobody waits any more, the query is dropped here, and stopped.
            drop(answer.send(running));
        }
        Asked::Stop(query) => stop(&client, &query).await,
    }
}

async fn stop(client: &Client, query: &str) {
    for attempt in 1..=STOP_ATTEMPTS {
        match client.stop_query_execution().query_execution_id(query).send().await {
            Ok(_) => {
                tracing::info!(query, "a query was stopped, since its caller left or its time was over");
                return;
            }
            Err(error) if attempt < STOP_ATTEMPTS && is_passing(&error) => {
                sleep(STOP_BACKOFF * 2_u32.pow(attempt - 1)).await;
            }
            Err(error) => {
                let error = DisplayErrorContext(&error);
                tracing::error!(query, "a query that nobody waits for could not be stopped: {error}");
                return;
            }
        }
    }
}
