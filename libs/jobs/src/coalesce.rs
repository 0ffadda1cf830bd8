//! Calls that meet become one.
//!
//! Whoever calls while nobody is at the door goes at once and takes along all who wait; who comes meanwhile waits for
//! the next round. A lone caller pays nothing for it, and a hundred single calls are as cheap as one of a hundred.
//! No task is spawned: the callers themselves take turns at leading.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tokio::{sync::oneshot, task::yield_now};

/// Joins calls with items `I`, each answered by an `O`.
pub(crate) struct Coalescer<I, O> {
    door: Arc<Door<I, O>>,
    /// Items of one round, apart from a single call that has more.
    most: usize,
}

/// How many rounds are under way at once: one that the server works on, and one on its way.
const LEADERS: usize = 2;

struct Door<I, O>(Mutex<State<I, O>>);

struct State<I, O> {
    waiting: VecDeque<Waiting<I, O>>,
    leaders: usize,
}

struct Waiting<I, O> {
    items: Arc<[I]>,
    word: oneshot::Sender<Word<I, O>>,
}

enum Word<I, O> {
    Answer(Vec<O>),
    Lead(Lead<I, O>),
}

impl<I, O> Coalescer<I, O> {
    pub(crate) fn new(most: usize) -> Self {
        let state = State { waiting: VecDeque::new(), leaders: 0 };
        Self { door: Arc::new(Door(Mutex::new(state))), most }
    }

    /// One answer for each item, in order. `round` may be asked about other callers' items as well, and about the same
    /// items again if a leader's call was dropped on the way, so what it does has to be repeatable.
    pub(crate) async fn call<F>(&self, items: Vec<I>, round: F) -> Vec<O>
    where
        F: Fn(Vec<Arc<[I]>>) -> BoxFuture<'static, Vec<O>>,
    {
        if items.is_empty() {
            return Vec::new();
        }
        let items: Arc<[I]> = items.into();
        loop {
            let lead = match self.enter(&items) {
                Ok(lead) => lead,
                Err(word) => match word.await {
                    Ok(Word::Answer(answers)) => return answers,
                    Ok(Word::Lead(lead)) => lead,
                    // The leader went away with our items in hand.
                    Err(_dropped) => continue,
                },
            };
            return self.lead(lead, items, &round).await;
        }
    }

    fn enter(&self, items: &Arc<[I]>) -> Result<Lead<I, O>, oneshot::Receiver<Word<I, O>>> {
        let mut state = self.door.state();
        if state.leaders < LEADERS {
            state.leaders += 1;
            return Ok(Lead(Arc::clone(&self.door)));
        }
        let (word, answer) = oneshot::channel();
        state.waiting.push_back(Waiting { items: Arc::clone(items), word });
        Err(answer)
    }

    async fn lead<F>(&self, lead: Lead<I, O>, items: Arc<[I]>, round: &F) -> Vec<O>
    where
        F: Fn(Vec<Arc<[I]>>) -> BoxFuture<'static, Vec<O>>,
    {
        let own = items.len();
        // Runs end in bursts, as they began: who is about to call comes along.
        yield_now().await;
        let others = self.company(own);
        let all = [items].into_iter().chain(others.iter().map(|other| Arc::clone(&other.items)));
        let mut answers = round(all.collect()).await.into_iter();
        let mine = answers.by_ref().take(own).collect();
        for other in others {
            let theirs = answers.by_ref().take(other.items.len()).collect();
            // Nobody listens where the caller has gone.
            drop(other.word.send(Word::Answer(theirs)));
        }
        drop(lead);
        mine
    }

    /// Those who come along.
    fn company(&self, mut items: usize) -> Vec<Waiting<I, O>> {
        let mut state = self.door.state();
        let mut company = Vec::new();
        while let Some(next) = state.waiting.front() {
            items += next.items.len();
            if items > self.most {
                break;
            }
            company.extend(state.waiting.pop_front());
        }
        company
    }
}

impl<I, O> Door<I, O> {
    fn state(&self) -> MutexGuard<'_, State<I, O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to lead a round. Whoever drops it, done or cancelled, passes it on.
struct Lead<I, O>(Arc<Door<I, O>>);

impl<I, O> Drop for Lead<I, O> {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            let next = state.waiting.pop_front();
            if next.is_none() {
                state.leaders -= 1;
            }
            next
        };
        if let Some(next) = next {
            // If that caller has gone, the word comes back, is dropped, and passes itself on.
            drop(next.word.send(Word::Lead(Self(Arc::clone(&self.0)))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use futures::{FutureExt, future::BoxFuture};
    use tokio::sync::Semaphore;

    use super::Coalescer;

    /// Doubles what it gets, once it is let.
    #[derive(Clone)]
    struct Server {
        gate: Arc<Semaphore>,
        rounds: Arc<Mutex<Vec<usize>>>,
    }

    impl Server {
        fn round(&self, calls: Vec<Arc<[u32]>>) -> BoxFuture<'static, Vec<u32>> {
            let server = self.clone();
            async move {
                server.gate.acquire().await.unwrap().forget();
                let items: Vec<u32> = calls.iter().flat_map(|call| call.iter().copied()).collect();
                server.rounds.lock().unwrap().push(items.len());
                items.into_iter().map(|item| item * 2).collect()
            }
            .boxed()
        }
    }

    fn server(permits: usize) -> Server {
        Server { gate: Arc::new(Semaphore::new(permits)), rounds: Arc::default() }
    }

    #[tokio::test]
    async fn who_waits_goes_together_and_each_gets_its_own_answer() {
        let (server, door) = (server(0), Coalescer::new(8));
        let calls: Vec<_> =
            (0..12).map(|item| door.call(vec![item, item + 100], |calls| server.round(calls))).collect();
        let let_in = async { server.gate.add_permits(100) };
        let (answers, ()) = tokio::join!(futures::future::join_all(calls), let_in);
        for (item, answer) in (0..).zip(answers) {
            assert_eq!(answer, [item * 2, item * 2 + 200]);
        }
        assert_eq!(*server.rounds.lock().unwrap(), [8, 8, 6, 2]);
    }

    async fn double(item: u32, server: Server, door: Arc<Coalescer<u32, u32>>, done: Arc<AtomicUsize>) {
        assert_eq!(door.call(vec![item], |calls| server.round(calls)).await, [item * 2]);
        done.fetch_add(1, Ordering::Relaxed);
    }

    #[tokio::test]
    async fn a_leader_that_goes_away_leaves_nobody_behind() {
        let (server, door) = (server(0), Arc::new(Coalescer::new(8)));
        let done = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        let mut leaders = Vec::new();
        for item in 0..9 {
            let task = tasks.spawn(double(item, server.clone(), Arc::clone(&door), Arc::clone(&done)));
            tokio::task::yield_now().await;
            leaders.push(task);
        }
        // The first two lead, the third waits; then the next leader has taken others along.
        for gone in [0, 1, 2] {
            leaders[gone].abort();
            tokio::task::yield_now().await;
        }
        server.gate.add_permits(100);
        while tasks.join_next().await.is_some() {}
        assert_eq!(done.load(Ordering::Relaxed), 6);
        assert_eq!(door.door.state().leaders, 0);
    }
}
