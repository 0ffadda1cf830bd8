//! Tasks by a clock that stands still unless it is moved, with tools that do as they are told.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use prometheus_client::registry::Registry as Figures;
use rmcp::model::{DetailedTask, TaskPayload, TaskStatus};
use runtime::{Exit, Life, Signals, Supervisor};
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tools::{
    Abilities, Annotations, Ask, Breakers, Call, Caller, Descriptor, Dialogue, Metrics, Output, Policy,
    Question, Questions, Registry, Schema, Step, Tool, ToolName, ToolsError, Workshop,
};

use super::{Bounds, Repeat, Shelf, Tasks, Work, record::LOST_AFTER, shelf::LARGEST};

/// What the tool does.
#[derive(Clone)]
enum Deed {
    Answer,
    Flood,
    Stall,
    Ask,
    Panic,
}

struct Doing {
    deed: Deed,
    /// Calls that were dropped before they had an answer.
    dropped: Arc<Mutex<usize>>,
}

struct Guard(Arc<Mutex<usize>>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[async_trait]
impl Tool for Doing {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        match self.deed {
            Deed::Answer => Ok(Output::text("done")),
            Deed::Flood => Ok(Output::text("x".repeat(LARGEST))),
            Deed::Stall => {
                let _guard = Guard(Arc::clone(&self.dropped));
                call.progress.step(Step { done: 1.0, total: Some(4.0), message: None });
                std::future::pending().await
            }
            Deed::Ask => {
                let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}});
                let ask = Ask::Form { message: "Who?".into(), schema };
                let questions = ["one", "two"].map(|id| Question { id: id.into(), ask: ask.clone() });
                let all = questions.iter().all(|question| call.dialogue.reply(question).is_some());
                if all && call.dialogue.state.as_deref() == Some("kept") {
                    return Ok(Output::text("asked and answered"));
                }
                Err(Questions { questions: questions.into(), state: Some("kept".into()) }.into())
            }
            Deed::Panic => panic!("as it should"),
        }
    }
}

struct Scene {
    tasks: Tasks,
    registry: Registry,
    life: Life,
    dropped: Arc<Mutex<usize>>,
}

fn scene(deed: Deed, count: usize) -> Scene {
    scene_on(Shelf::memory(), deed, count)
}

fn scene_on(shelf: Shelf, deed: Deed, count: usize) -> Scene {
    let metrics = Metrics::register(&mut Figures::default());
    let workshop = Workshop { breakers: Breakers::new(metrics.clone()), metrics, overflow: None };
    let descriptor = Descriptor {
        name: ToolName::new("work").unwrap(),
        title: None,
        description: "Works.".into(),
        input: Schema::of_arguments(json!({"type": "object"})).unwrap(),
        output: None,
        annotations: Annotations::UNKNOWN,
    };
    let long = Duration::from_hours(1);
    let policy = Policy {
        timeout: long,
        attempt_timeout: long,
        breaker: None,
        max_answer_bytes: 2 * LARGEST,
        ..Policy::default()
    };
    let dropped = Arc::new(Mutex::new(0));
    let tool = Arc::new(Doing { deed, dropped: Arc::clone(&dropped) });
    let registry = Registry::default();
    registry.replace(vec![workshop.mount(tool, descriptor, policy, "work").unwrap()]);
    let life = Life::new();
    let begun = (Timestamp::from_second(1_800_000_000).unwrap(), Instant::now());
    let bounds = Bounds::new(count, Duration::from_mins(15));
    let tasks = Tasks::by_clock(shelf, bounds, life.clone(), move || begun.0 + begun.1.elapsed());
    Scene { tasks, registry, life, dropped }
}

fn who(name: &str) -> Caller {
    Caller::new(name)
}

impl Scene {
    fn work(&self, caller: &str) -> Work {
        let (steps, progress) = mpsc::channel(4);
        let mut call = Call::new(Map::new(), who(caller));
        call.progress = tools::Progress::to(move |step| drop(steps.try_send(step)));
        call.dialogue =
            Dialogue { abilities: Abilities { form: true, ..Abilities::default() }, ..Dialogue::default() };
        let repeat = Repeat { registry: self.registry.clone(), name: "work".into(), call };
        Work { pending: repeat.again(None), repeat, progress, patience: Duration::from_hours(1) }
    }

    async fn begin(&self, caller: &str) -> Option<String> {
        self.tasks.begin(self.work(caller)).await.ok().map(|task| task.task_id)
    }

    async fn get(&self, caller: &str, id: &str) -> Option<DetailedTask> {
        self.tasks.get(&who(caller), id).await.ok()
    }

    async fn status(&self, id: &str) -> TaskStatus {
        self.get("ann", id).await.unwrap().status()
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_looked_at_by_its_own_caller_until_its_time_is_over() {
    let scene = scene(Deed::Answer, 4);
    let id = scene.begin("ann").await.unwrap();
    assert_eq!(scene.status(&id).await, TaskStatus::Working, "it is there at once");
    sleep(Duration::from_secs(1)).await;
    let task = scene.get("ann", &id).await.unwrap();
    let TaskPayload::Completed { result } = task.payload else { panic!("{task:?}") };
    assert_eq!(result["content"][0]["text"], "done");
    assert_eq!(task.task.ttl_ms, Some(75 * 60 * 1000));
    assert!(scene.get("bob", &id).await.is_none(), "another's task is not there");
    assert!(scene.tasks.cancel(&who("bob"), &id).await.is_err());
    assert!(scene.tasks.answer(&who("bob"), &id, [].into()).await.is_err());
    for wrong in ["", "x", "../record", &id[1..], &id.to_uppercase()] {
        assert!(scene.get("ann", wrong).await.is_none(), "{wrong}");
    }
    scene.tasks.cancel(&who("ann"), &id).await.unwrap();
    assert_eq!(scene.status(&id).await, TaskStatus::Completed, "what is done stays so");
    sleep(Duration::from_mins(75)).await;
    assert!(scene.get("ann", &id).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_drops_its_call() {
    let scene = scene(Deed::Stall, 4);
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_secs(11)).await;
    let task = scene.get("ann", &id).await.unwrap();
    assert_eq!((task.status(), task.task.status_message.as_deref()), (TaskStatus::Working, Some("1 of 4")));
    assert_eq!(*scene.dropped.lock().unwrap(), 0);
    scene.tasks.cancel(&who("ann"), &id).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(scene.status(&id).await, TaskStatus::Cancelled);
    assert_eq!(*scene.dropped.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_asks_and_goes_on_once_all_is_answered() {
    let scene = scene(Deed::Ask, 4);
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_millis(1)).await;
    let asked = |task: DetailedTask| match task.payload {
        TaskPayload::InputRequired { input_requests } => input_requests.into_keys().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(scene.get("ann", &id).await.unwrap()), ["1-one", "1-two"]);
    let said = |name: &str| (name.to_owned(), json!({"action": "accept", "content": {"name": "Ann"}}));
    let stray = ("stray".to_owned(), Value::from(1));
    scene.tasks.answer(&who("ann"), &id, [said("1-one"), stray].into()).await.unwrap();
    assert_eq!(asked(scene.get("ann", &id).await.unwrap()), ["1-two"], "at once, at every replica");
    // An answer that does not fit is asked for again, under another name.
    scene.tasks.answer(&who("ann"), &id, [("1-two".to_owned(), Value::from(3))].into()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(asked(scene.get("ann", &id).await.unwrap()), ["2-one", "2-two"]);
    scene.tasks.answer(&who("ann"), &id, [said("2-one"), said("2-two")].into()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.status(&id).await, TaskStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_ends_with_its_time() {
    let scene = scene(Deed::Ask, 4);
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_mins(74)).await;
    assert_eq!(scene.status(&id).await, TaskStatus::InputRequired);
    sleep(Duration::from_mins(2)).await;
    assert!(scene.get("ann", &id).await.is_none());
    assert!(scene.tasks.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_breaks_down_is_a_task_that_failed() {
    let scene = scene(Deed::Panic, 4);
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_millis(1)).await;
    let task = scene.get("ann", &id).await.unwrap();
    let TaskPayload::Failed { error } = task.payload else { panic!("{task:?}") };
    assert_eq!((&error["code"], error["message"].is_string()), (&json!(-32603), true));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_for_a_record_is_none() {
    let scene = scene(Deed::Flood, 4);
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let task = scene.get("ann", &id).await.unwrap();
    let TaskPayload::Failed { error } = task.payload else { panic!("{:?}", task.status()) };
    assert!(error["message"].as_str().unwrap().contains("too large"), "{error:?}");
    let figures = scene.life.register(|registry| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text
    });
    assert!(figures.contains("ondol_tool_tasks_total{outcome=\"failed\"} 1"), "{figures}");
    assert!(figures.contains("ondol_tool_tasks_running 0"), "{figures}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_stays_where_it_is() {
    let scene = scene(Deed::Answer, 4);
    let shelf = &scene.tasks.0.shelf;
    shelf.write("tasks/notes.txt", "x".into()).await.unwrap();
    scene.begin("ann").await.unwrap();
    sleep(Duration::from_hours(2)).await;
    scene.tasks.remove_old(super::name::FOLDER).await.unwrap();
    assert_eq!(shelf.list("tasks/").await.unwrap(), [("tasks/notes.txt".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_replica_is_gone_is_told_as_failed() {
    let scene = scene(Deed::Stall, 4);
    // Its record, without anybody who runs it.
    let work = scene.work("ann");
    let (name, _) = scene.tasks.record(&work.repeat, work.patience).await.unwrap();
    assert_eq!(scene.status(&name.id()).await, TaskStatus::Working);
    sleep(LOST_AFTER).await;
    assert_eq!(scene.status(&name.id()).await, TaskStatus::Working);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.status(&name.id()).await, TaskStatus::Failed);
    // One that is run says so for as long as it takes.
    let id = scene.begin("ann").await.unwrap();
    sleep(Duration::from_mins(30)).await;
    assert_eq!(scene.status(&id).await, TaskStatus::Working);
}

#[tokio::test(start_paused = true)]
async fn a_caller_has_so_many_tasks_and_no_more() {
    let scene = scene(Deed::Answer, 2);
    for _ in 0..2 {
        scene.begin("ann").await.unwrap();
    }
    let refused = scene.tasks.begin(scene.work("ann")).await.err().unwrap();
    assert!(refused.why.contains("2 tasks"), "{}", refused.why);
    // The call itself is not lost.
    assert!(refused.work.pending.await.is_ok());
    assert!(scene.begin("bob").await.is_some(), "others have their own");
    sleep(Duration::from_mins(76)).await;
    assert!(scene.begin("ann").await.is_some(), "old ones make room");
    assert_eq!(
        scene.tasks.0.shelf.list(&super::name::folder_of(&who("ann").digest())).await.unwrap().len(),
        1
    );
    scene.tasks.remove_old(super::name::FOLDER).await.unwrap();
    assert_eq!(scene.tasks.0.shelf.list(super::name::FOLDER).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_an_end_to_what_a_callers_tasks_come_to() {
    let mut scene = scene(Deed::Answer, 100);
    let inner = Arc::get_mut(&mut scene.tasks.0).unwrap();
    inner.bounds.bytes = 600;
    let mut begun = 0;
    while scene.begin("ann").await.is_some() {
        begun += 1;
        assert!(begun < 10);
    }
    assert!(begun >= 1);
}

#[tokio::test]
async fn replicas_share_what_lies_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn objects::Objects> = Arc::new(objects::Folder::open(folder.path()).await.unwrap());
    let one = scene_on(Shelf::Stored(Arc::clone(&store)), Deed::Ask, 4);
    let other = scene_on(Shelf::Stored(store), Deed::Stall, 4);
    let id = one.begin("ann").await.unwrap();
    let seen = async |wanted| {
        while other.status(&id).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    seen(TaskStatus::InputRequired).await;
    let said = |name: &str| (name.to_owned(), json!({"action": "decline"}));
    other.tasks.answer(&who("ann"), &id, [said("1-one")].into()).await.unwrap();
    other.tasks.answer(&who("ann"), &id, [said("1-two")].into()).await.unwrap();
    seen(TaskStatus::Completed).await;
    let id = one.begin("ann").await.unwrap();
    other.tasks.cancel(&who("ann"), &id).await.unwrap();
    while other.status(&id).await != TaskStatus::Cancelled {
        tokio::task::yield_now().await;
    }
    assert!(other.get("bob", &id).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_says_so_to_its_tasks() {
    let scene = scene(Deed::Stall, 4);
    let (_signals, signals) = Signals::channel();
    let life = scene.life.clone();
    let supervisor = Supervisor { life, signals, grace: Duration::from_mins(1), drain_delay: Duration::ZERO };
    let begun = Mutex::new(String::new());
    let exit = supervisor
        .run(async |life| {
            *begun.lock().unwrap() = scene.begin("ann").await.unwrap();
            life.stop("a test");
            Ok::<_, Infallible>(())
        })
        .await;
    assert_eq!(exit, Exit::Completed, "the task was awaited");
    let id = begun.lock().unwrap().clone();
    assert_eq!(scene.status(&id).await, TaskStatus::Failed);
    assert_eq!(*scene.dropped.lock().unwrap(), 1);
    assert!(scene.begin("ann").await.is_none(), "nothing begins any more");
}
