//! `batch`: one request a line, one answer a line.
//!
//! - `lines` reads the input in bounded memory, `answer` turns one line into its answer.
//! - `parts` saves answers as they come, so that another worker goes on behind them, and joins them in the end.

mod answer;
mod lines;
mod parts;

use artifacts::Upload;
use futures::StreamExt;
use objects::{GetOptions, Key, Objects};
use proto::jobs::v1::{BatchWork, Progress};

use self::{answer::Answering, lines::Lines, parts::Parts};
use super::Handler;
use crate::{WorkerError, assignment::Assignment, grpc::Generator};

const DEFAULT_CONCURRENCY: u32 = 8;
const MOST_CONCURRENCY: u32 = 64;

/// The handler.
pub(crate) struct Batch {
    generator: Generator,
}

impl Batch {
    pub(crate) fn new(generator: Generator) -> Self {
        Self { generator }
    }
}

impl Handler for Batch {
    type Work = BatchWork;
    const KIND: &'static str = "batch";

    async fn run(&self, work: BatchWork, assignment: &Assignment) -> Result<(), WorkerError> {
        let concurrency = concurrency(work.concurrency)?;
        let input = Upload::parse("input", &work.input)?.key(&assignment.owner)?;
        let objects = assignment.shelf.objects();
        let total = open(objects.as_ref(), &input).await?.count().await?;
        let mut parts = Parts::resume(assignment).await?;
        let report = |parts: &Parts| {
            let (done, failed) = parts.counts();
            assignment.progress(&Progress { done, total, failed, ..Progress::default() });
        };
        report(&parts);
        let answering = Answering { generator: &self.generator, assignment, model: &work.model };
        let rest = open(objects.as_ref(), &input).await?.skip(parts.counts().0).await?;
        // In the order of the lines, so that what was saved is always a whole beginning.
        let mut answers = std::pin::pin!(
            rest.into_stream().map(|line| answering.answer(line)).buffered(concurrency as usize)
        );
        while let Some(answer) = answers.next().await {
            parts.add(assignment, answer?).await?;
            report(&parts);
        }
        parts.join(assignment, "output.jsonl").await
    }
}

async fn open(objects: &dyn Objects, input: &Key) -> Result<Lines, WorkerError> {
    match objects.get(input, GetOptions::default()).await {
        Ok(object) => Ok(Lines::new(object.into_reader())),
        Err(objects::ObjectsError::NotFound { .. }) => {
            Err(WorkerError::Input("input: there is no such upload; it may have been removed by age".into()))
        }
        Err(error) => Err(error.into()),
    }
}

fn concurrency(asked: u32) -> Result<u32, WorkerError> {
    match asked {
        0 => Ok(DEFAULT_CONCURRENCY),
        1..=MOST_CONCURRENCY => Ok(asked),
        _ => Err(WorkerError::Input(format!("concurrency: must be 1 to {MOST_CONCURRENCY}, is {asked}"))),
    }
}
