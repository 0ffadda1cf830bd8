//! A process from start to exit, in paused time and under signals that the test sends.

use std::{
    convert::Infallible,
    future::{self, Future},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use runtime::{BoxError, Exit, Life, Signal, Signals, Supervisor};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

const GRACE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

fn supervisor(drain_delay: Duration) -> (mpsc::Sender<Signal>, Supervisor) {
    let (sender, signals) = Signals::channel();
    (sender, Supervisor { life: Life::new(), signals, grace: GRACE, drain_delay })
}

/// A start with nothing to do: these tests spawn beforehand.
async fn started(_: Life) -> Result<(), Infallible> {
    Ok(())
}

/// A server that takes `work` to finish what it runs once it has to drain, and then writes its name down.
fn server(life: &Life, name: &'static str, work: Duration, log: &Log) -> impl Future<Output = ()> + use<> {
    let (draining, log) = (life.draining(), log.clone());
    async move {
        draining.await;
        sleep(work).await;
        log.write(name);
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn write(&self, name: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_runs_when_the_signal_comes_is_finished() {
    let (signals, supervisor) = supervisor(Duration::ZERO);
    let (log, began) = (Log::default(), Instant::now());
    let life = &supervisor.life;
    life.spawn("server", server(life, "server", 20 * SECOND, &log));
    signals.send(Signal::Terminate).await.unwrap();
    assert_eq!(supervisor.run(started).await, Exit::Completed);
    assert_eq!(log.names(), ["server"]);
    assert_eq!(began.elapsed(), 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_grace_bounds_a_task_that_never_ends() {
    let (signals, supervisor) = supervisor(Duration::ZERO);
    let began = Instant::now();
    supervisor.life.spawn("stuck", future::pending::<()>());
    signals.send(Signal::Terminate).await.unwrap();
    assert_eq!(supervisor.run(started).await, Exit::Failed);
    assert_eq!(began.elapsed(), GRACE);
}

#[tokio::test(start_paused = true)]
async fn readiness_ends_with_the_signal_and_draining_begins_after_the_delay() {
    let (signals, supervisor) = supervisor(5 * SECOND);
    let (life, began) = (supervisor.life.clone(), Instant::now());
    let mut changes = life.readiness_changes();
    supervisor.life.spawn("server", async move {
        while !changes.next().await {}
        signals.send(Signal::Terminate).await.unwrap();
        assert!(!changes.next().await);
        assert!(life.is_stopping());
        life.stopping().cancelled().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        life.draining().await;
        assert_eq!(began.elapsed(), 5 * SECOND);
        assert_eq!(life.drain_deadline(), Some(began + 5 * SECOND + GRACE));
    });
    assert_eq!(supervisor.run(started).await, Exit::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_the_process_at_once() {
    let (signals, supervisor) = supervisor(Duration::ZERO);
    let began = Instant::now();
    supervisor.life.spawn("stuck", future::pending::<()>());
    signals.send(Signal::Terminate).await.unwrap();
    signals.send(Signal::Interrupt).await.unwrap();
    assert_eq!(supervisor.run(started).await, Exit::Aborted(Signal::Interrupt));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_of_a_drain_that_no_signal_began_is_only_heard() {
    let (signals, supervisor) = supervisor(Duration::ZERO);
    let (log, began) = (Log::default(), Instant::now());
    let life = supervisor.life.clone();
    life.spawn("server", server(&life, "server", 2 * SECOND, &log));
    let draining = life.draining();
    life.spawn("operator", async move {
        draining.await;
        signals.send(Signal::Terminate).await.unwrap();
    });
    life.stop("the test is over");
    assert_eq!(supervisor.run(started).await, Exit::Completed);
    assert_eq!((log.names(), began.elapsed()), (vec!["server"], 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_signal_interrupts_a_long_start() {
    let (signals, supervisor) = supervisor(5 * SECOND);
    let began = Instant::now();
    signals.send(Signal::Interrupt).await.unwrap();
    let exit = supervisor.run(|_| future::pending::<Result<(), Infallible>>()).await;
    assert_eq!((exit, began.elapsed()), (Exit::Completed, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_failing_or_panicking_task_ends_the_process_in_good_order() {
    for panics in [false, true] {
        let (_signals, supervisor) = supervisor(Duration::ZERO);
        let log = Log::default();
        let life = &supervisor.life;
        life.spawn("server", server(life, "server", SECOND, &log));
        life.spawn("loop", async move {
            assert!(!panics, "out of luck");
            Err::<(), BoxError>("out of luck".into())
        });
        assert_eq!(supervisor.run(started).await, Exit::Failed);
        assert_eq!(log.names(), ["server"], "the other task was drained");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_or_panicking_start_drains_what_it_had_spawned() {
    for panics in [false, true] {
        let (_signals, supervisor) = supervisor(Duration::ZERO);
        let log = Log::default();
        let exit = supervisor.run(async |life: Life| {
            life.spawn("server", server(&life, "server", SECOND, &log));
            assert!(!panics, "no luck");
            Err::<(), _>(io::Error::other("no model"))
        });
        assert_eq!(exit.await, Exit::Failed);
        assert_eq!(log.names(), ["server"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_ends_when_its_last_task_does() {
    let (_signals, supervisor) = supervisor(5 * SECOND);
    let began = Instant::now();
    supervisor.life.spawn("job", sleep(3 * SECOND));
    supervisor.life.spawn("job", sleep(SECOND));
    assert_eq!(supervisor.run(started).await, Exit::Completed);
    assert_eq!(began.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn callers_drain_before_those_they_call() {
    let (signals, supervisor) = supervisor(Duration::ZERO);
    let log = Log::default();
    for name in ["llm-inference", "api"] {
        let component = supervisor.life.component(name);
        component.spawn("server", server(&component, name, SECOND, &log));
    }
    signals.send(Signal::Interrupt).await.unwrap();
    assert_eq!(supervisor.run(started).await, Exit::Completed);
    assert_eq!(log.names(), ["api", "llm-inference"]);
}
