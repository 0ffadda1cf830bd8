//! Room for so many answers at once, and a line in front of it, as llm-inference has.

use std::{sync::Arc, time::Duration};

use clap::Args;
use engine::EngineError;
use proto::inference::v1::Timings;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tonic::Status;

/// When a caller who finds the line full should come back: never sooner than llm-inference says.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// How much room.
#[derive(Args)]
pub(super) struct Arguments {
    /// Answers at once; further calls wait [default: as many as come]
    #[arg(long, value_name = "N")]
    slots: Option<usize>,
    /// Calls that may wait; one more is refused
    #[arg(long, default_value_t = 64, value_name = "N")]
    max_waiting: usize,
}

/// The room. A clone is the same.
#[derive(Clone)]
pub(super) struct Room(Option<Arc<Inside>>);

struct Inside {
    slots: Arc<Semaphore>,
    /// Slots, and places in the line.
    places: Arc<Semaphore>,
    most: usize,
    retry_after: Duration,
}

/// A slot, until it is dropped, and how long it was waited for.
pub(super) struct Slot {
    queued: Duration,
    _held: Option<[OwnedSemaphorePermit; 2]>,
}

impl Room {
    /// Where an answer takes so long on average.
    pub(super) fn new(arguments: &Arguments, mean: Duration) -> Self {
        Self(arguments.slots.map(|slots| {
            let most = slots + arguments.max_waiting;
            // Until half of the line has gone.
            let wait = mean.mul_f64(arguments.max_waiting as f64 / slots.max(1) as f64 / 2.0);
            Arc::new(Inside {
                slots: Arc::new(Semaphore::new(slots)),
                places: Arc::new(Semaphore::new(most)),
                most,
                retry_after: wait.max(SHORTEST_WAIT),
            })
        }))
    }

    /// Waits for a slot, or is refused.
    pub(super) async fn enter(&self) -> Result<Slot, Status> {
        let Some(inside) = &self.0 else { return Ok(Slot { queued: Duration::ZERO, _held: None }) };
        let came = Instant::now();
        let full = |_| {
            let limit = format!("{} requests", inside.most);
            rpc::status(EngineError::QueueFull { limit, retry_after: inside.retry_after })
        };
        let place = Arc::clone(&inside.places).try_acquire_owned().map_err(full)?;
        let slot = Arc::clone(&inside.slots).acquire_owned().await;
        let slot = slot.map_err(|_closed| Status::internal("the room was closed"))?;
        Ok(Slot { queued: came.elapsed(), _held: Some([slot, place]) })
    }
}

impl Slot {
    /// What an answer tells of it.
    pub(super) fn timings(&self) -> Timings {
        Timings { queued: self.queued.try_into().ok(), ..Timings::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::time::advance;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::{Arguments, Room};

    const MEAN: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn so_many_run_so_many_wait_and_one_more_is_refused() {
        let room = Room::new(&Arguments { slots: Some(2), max_waiting: 1 }, MEAN);
        let (first, _second) = (room.enter().await.unwrap(), room.enter().await.unwrap());
        let mut third = Box::pin(room.enter());
        assert!(third.as_mut().now_or_never().is_none());
        let refused = room.enter().await.err().unwrap();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        let hint = refused.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(hint, Some(Duration::from_millis(250)));
        advance(Duration::from_millis(700)).await;
        drop(first);
        let queued = third.await.unwrap().timings().queued.unwrap();
        assert_eq!((queued.seconds, queued.nanos), (0, 700_000_000));
    }

    #[tokio::test]
    async fn without_slots_everybody_finds_room() {
        let room = Room::new(&Arguments { slots: None, max_waiting: 0 }, MEAN);
        let mut slots = Vec::new();
        for _ in 0..1_000 {
            slots.push(room.enter().await.unwrap());
        }
    }
}
