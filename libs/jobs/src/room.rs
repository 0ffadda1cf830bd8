//! Room for runs in one worker, and how many jobs to claim for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, timeout},
};

use crate::ahead::Ahead;

/// A job that was claimed ahead and does not begin by then was claimed too early: somebody else may have room.
const PATIENCE: Duration = Duration::from_secs(1);

/// Room for so many runs of one kind at once.
#[derive(Debug)]
pub struct Room {
    concurrency: u32,
    seats: Semaphore,
    /// Jobs that are claimed and wait for a seat.
    waiting: AtomicU32,
    ahead: Ahead,
    freed: Arc<Notify>,
}

/// What a claimed job has of a room: its place in the line for a seat.
#[derive(Debug)]
pub struct Seat {
    room: Arc<Room>,
    waits: bool,
}

impl Room {
    /// `freed` is told whenever a run has ended.
    pub fn new(concurrency: u32, freed: Arc<Notify>) -> Self {
        Self {
            concurrency,
            seats: Semaphore::new(concurrency as usize),
            waiting: AtomicU32::new(0),
            ahead: Ahead::default(),
            freed,
        }
    }

    /// How many jobs to claim now: those that there is a seat for, and where runs are short those that will have one
    /// within a moment, if they are enough to be worth a call.
    pub fn wanted(&self) -> u32 {
        let taken = self.concurrency - self.seats.available_permits() as u32;
        let under_way = taken + self.waiting.load(Ordering::Relaxed);
        let ahead = self.ahead.jobs(self.concurrency);
        let wanted = (self.concurrency + ahead).saturating_sub(under_way);
        if under_way >= self.concurrency && wanted < ahead.div_ceil(2) { 0 } else { wanted }
    }

    /// A place for a job that was claimed.
    pub fn admit(self: &Arc<Self>) -> Seat {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Seat { room: Arc::clone(self), waits: true }
    }
}

impl Seat {
    /// Does the work as soon as there is a seat, in the order of admission. `None` if there was none in time: give the
    /// job back.
    pub async fn run<T>(mut self, work: impl Future<Output = T>) -> Option<T> {
        let room = Arc::clone(&self.room);
        let seat = timeout(PATIENCE, room.seats.acquire()).await.ok()?.ok()?;
        self.leave_line();
        let begin = Instant::now();
        let done = work.await;
        room.ahead.ran(begin.elapsed());
        drop(seat);
        room.freed.notify_one();
        Some(done)
    }

    fn leave_line(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.room.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave_line();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, pin::pin, sync::Arc, time::Duration};

    use tokio::{
        sync::Notify,
        time::{Instant, sleep},
    };

    use super::{PATIENCE, Room};

    fn room(concurrency: u32) -> Arc<Room> {
        Arc::new(Room::new(concurrency, Arc::new(Notify::new())))
    }

    #[tokio::test(start_paused = true)]
    async fn long_runs_get_what_there_is_room_for() {
        let room = room(3);
        assert_eq!(room.wanted(), 3);
        let work = || async { sleep(Duration::from_mins(1)).await };
        let runs = futures::future::join_all((0..3).map(|_| room.admit().run(work())));
        assert_eq!(room.wanted(), 0, "they are on their way");
        assert_eq!(runs.await, [Some(()); 3]);
        assert_eq!(room.wanted(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn short_runs_get_some_more_which_run_in_turn() {
        let room = room(2);
        room.admit().run(sleep(Duration::from_millis(4))).await;
        assert_eq!(room.wanted(), 2 + 5);
        let begin = Instant::now();
        // Begins to sleep when it is run, not when it is made.
        let work = || async { sleep(Duration::from_millis(4)).await };
        let runs = futures::future::join_all((0..7).map(|_| room.admit().run(work())));
        assert_eq!(room.wanted(), 0);
        runs.await;
        assert_eq!(begin.elapsed(), Duration::from_millis(4 * 4), "two at a time");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_claimed_too_early_is_given_back() {
        let room = room(1);
        let mut long = pin!(room.admit().run(sleep(Duration::from_mins(1))));
        let (begin, next) = (Instant::now(), room.admit().run(ready(())));
        tokio::select! {
            biased;
            done = &mut long => assert_eq!(done, None, "it takes longer"),
            done = next => assert_eq!(done, None),
        }
        assert_eq!((begin.elapsed(), room.wanted()), (PATIENCE, 0));
        long.await;
        assert_eq!(room.wanted(), 1);
        drop(room.admit());
        assert_eq!(room.wanted(), 1, "a run that never began leaves the line");
    }
}
