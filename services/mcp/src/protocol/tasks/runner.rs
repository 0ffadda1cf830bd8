//! Runs one task.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures::FutureExt;
use rmcp::model::{CallToolResponse, TaskPayload};
use serde_json::Value;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};
use tools::{Dialogue, Output, Question, Questions, Step, ToolsError};

use super::{
    Pending, Tasks, Work,
    inbox::Inbox,
    name::TaskName,
    record::{Record, error, failed, object},
    shelf::LARGEST,
};
use crate::protocol::{answer, dialogue::requests};

/// How often a task says that it is still run.
const BEAT: Duration = Duration::from_secs(10);
/// How often it looks for what was said to it at another replica.
const LOOK: Duration = Duration::from_secs(2);
/// How long before the process ends a task says that it did not.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Runs one task, whose record it alone writes.
pub(super) struct Runner {
    tasks: Tasks,
    name: TaskName,
    record: Record,
    work: Work,
    wake: Arc<Notify>,
    /// What the task waits for, and how often it has asked.
    asked: Option<Questions>,
    rounds: usize,
}

/// What a task has to react to.
enum Event {
    Answered(Result<Output, ToolsError>),
    Panicked,
    Step(Step),
    Look,
    Beat,
    TimeUp,
    Ending,
}

impl Runner {
    pub(super) fn new(
        tasks: Tasks,
        name: TaskName,
        record: Record,
        (work, wake): (Work, Arc<Notify>),
    ) -> Self {
        Self { tasks, name, record, work, wake, asked: None, rounds: 0 }
    }

    /// Runs it to its end, which is told to whoever looks.
    pub(super) async fn run(mut self) {
        let payload = self.ended().await;
        // What still runs of the call is dropped before anybody is told that it has ended.
        self.work.pending = Box::pin(std::future::pending());
        self.record.set(payload, self.tasks.now());
        if self.record.written().is_ok_and(|bytes| bytes.len() > LARGEST) {
            let why = "the answer is too large for a task: ask for less, or have its tool's max_answer_bytes lowered";
            self.record.set(failed(why), self.tasks.now());
        }
        write(&self.tasks, &self.name, &self.record).await;
        self.tasks.running().remove(&self.name);
        self.tasks.0.metrics.ended(self.record.task.status());
    }

    async fn ended(&mut self) -> TaskPayload {
        let (mut looks, mut beats) = (interval(LOOK), interval(BEAT));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let life = self.tasks.0.life.clone();
        let mut ending = pin!(async {
            life.draining().await;
            let last = life.drain_deadline().and_then(|end| end.checked_sub(LAST_WORDS));
            sleep_until(last.unwrap_or_else(Instant::now)).await;
        });
        let mut time_up = pin!(sleep(self.name.left(self.tasks.now())));
        loop {
            let event = tokio::select! {
                event = answered(&mut self.work.pending) => event,
                Some(step) = self.work.progress.recv() => Event::Step(step),
                () = self.wake.notified() => Event::Look,
                _ = looks.tick() => Event::Look,
                _ = beats.tick() => Event::Beat,
                () = &mut time_up => Event::TimeUp,
                () = &mut ending => Event::Ending,
            };
            if let Some(payload) = self.react(event).await {
                return payload;
            }
        }
    }

    /// How the task has ended, if it has.
    async fn react(&mut self, event: Event) -> Option<TaskPayload> {
        match event {
            Event::Answered(Err(ToolsError::Asks(asked))) => self.ask(&asked).await,
            Event::Answered(answered) => Some(told(answered)),
            Event::Panicked => Some(failed("the tool broke down")),
            Event::Step(step) => {
                self.record.task.task.status_message = Some(words(&step));
                None
            }
            Event::Look => self.look().await,
            Event::Beat => {
                self.record.set(self.record.task.payload.clone(), self.tasks.now());
                write(&self.tasks, &self.name, &self.record).await;
                None
            }
            Event::TimeUp => Some(failed("nobody has answered what the task asked, and its time is over")),
            Event::Ending => Some(failed("the service has ended before the task did: call again")),
        }
    }

    /// Looks at what was said to the task.
    async fn look(&mut self) -> Option<TaskPayload> {
        // What cannot be read now is read at the next look.
        let inbox = self.tasks.inbox(&self.name).await.ok()?;
        if inbox.cancelled {
            return Some(TaskPayload::Cancelled);
        }
        let asked = self.asked.take()?;
        match self.dialogue(&asked, &inbox) {
            Some(dialogue) => {
                self.work.pending = self.work.repeat.again(Some(dialogue));
                self.record.set(TaskPayload::Working, self.tasks.now());
                write(&self.tasks, &self.name, &self.record).await;
            }
            None => self.asked = Some(asked),
        }
        None
    }

    /// Asks the caller, who is told of it at the next look.
    async fn ask(&mut self, asked: &Questions) -> Option<TaskPayload> {
        self.rounds += 1;
        self.work.pending = Box::pin(std::future::pending());
        // A question that is asked again is another one to the caller.
        let round = self.rounds;
        let questions: Vec<_> = asked
            .questions
            .iter()
            .map(|question| Question { id: named(round, &question.id), ..question.clone() })
            .collect();
        let abilities = self.work.repeat.call.dialogue.abilities;
        let input_requests = match requests(abilities, &questions) {
            Ok(requests) => requests,
            Err(refused) => return Some(error(&refused)),
        };
        self.asked = Some(asked.clone());
        self.record.set(TaskPayload::InputRequired { input_requests }, self.tasks.now());
        write(&self.tasks, &self.name, &self.record).await;
        // A tool that has asked nothing is called again at once.
        self.wake.notify_one();
        None
    }

    /// What was said by now, once all of it was.
    fn dialogue(&self, asked: &Questions, inbox: &Inbox) -> Option<Dialogue> {
        let mut answers: BTreeMap<String, Value> = BTreeMap::new();
        for question in &asked.questions {
            let answer = inbox.answers.get(&named(self.rounds, &question.id))?;
            answers.insert(question.id.clone(), answer.clone());
        }
        let abilities = self.work.repeat.call.dialogue.abilities;
        Some(Dialogue { abilities, answers, state: asked.state.clone() })
    }
}

async fn write(tasks: &Tasks, name: &TaskName, record: &Record) {
    if let Err(error) = tasks.write(name, record).await {
        tracing::error!(tool = record.tool, "the record of a task could not be written: {}", error.message);
    }
}

async fn answered(pending: &mut Pending) -> Event {
    match AssertUnwindSafe(pending).catch_unwind().await {
        Ok(answered) => Event::Answered(answered),
        Err(_panic) => Event::Panicked,
    }
}

fn named(round: usize, question: &str) -> String {
    format!("{round}-{question}")
}

fn told(answered: Result<Output, ToolsError>) -> TaskPayload {
    match answer::response(answered) {
        Ok(CallToolResponse::Complete(result)) => TaskPayload::Completed { result: object(&result) },
        Ok(_) => failed("the tool has answered what a task cannot"),
        Err(refused) => error(&refused),
    }
}

fn words(step: &Step) -> String {
    match (&step.message, step.total) {
        (Some(message), _) => message.clone(),
        (None, Some(total)) => format!("{} of {total}", step.done),
        (None, None) => step.done.to_string(),
    }
}
