//! How the service ends: in good order, or because its model is broken.

use std::{convert::Infallible, time::Duration};

use engine::EngineError;
use proto::inference::v1::stream_generate_text_response::Event;
use runtime::{Exit, Life, Signal, Signals, Supervisor};
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet, time::timeout};
use tonic::{Code, Request};

use crate::{
    gate::Gate,
    stand::{Stand, Stub, ask, open, read, refusal},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A process around what a test has spawned on its life.
struct Process {
    signals: mpsc::Sender<Signal>,
    exit: JoinSet<Exit>,
}

impl Process {
    fn around(life: Life) -> Self {
        let (sender, signals) = Signals::channel();
        let supervisor = Supervisor { life, signals, grace: PATIENCE, drain_delay: Duration::ZERO };
        let mut exit = JoinSet::new();
        exit.spawn(supervisor.run(started));
        Self { signals: sender, exit }
    }

    async fn exit(mut self) -> Exit {
        timeout(PATIENCE, self.exit.join_next()).await.unwrap().unwrap().unwrap()
    }
}

/// A start with nothing to do: these tests serve beforehand.
async fn started(_: Life) -> Result<(), Infallible> {
    Ok(())
}

#[tokio::test]
async fn a_drain_lets_an_open_stream_finish_and_nobody_in() {
    let (mut gate, hook) = Gate::closed();
    let life = Life::new();
    let stand = Stand::start_on(life.clone(), &[], [Stub::hooked(hook)]);
    let process = Process::around(life.clone());
    let stream = open(&stand, Request::new(ask("Once", 5))).await;

    process.signals.send(Signal::Terminate).await.unwrap();
    life.draining().await;
    let refused = async {
        while TcpStream::connect(stand.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refused).await.expect("a draining service lets nobody in");

    gate.open();
    let events = read(stream).await.unwrap();
    let Some(Event::Finished(finished)) = events.last() else { panic!("{events:?}") };
    assert_eq!(finished.usage.unwrap().completion_tokens, 5);
    assert_eq!(process.exit().await, Exit::Completed);
}

#[tokio::test]
async fn a_broken_model_ends_its_callers_and_the_process() {
    let broken = Box::new(|_: &_| Err(EngineError::step("decode", "the secret of the driver")));
    let life = Life::new();
    let stand = Stand::start_on(life.clone(), &[], [Stub::hooked(broken)]);
    let process = Process::around(life);
    let status = stand.client().generate_text(ask("Once", 5)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Internal, "MODEL_STEP_FAILED".into()));
    assert!(!status.message().contains("secret"), "{status:?}");
    assert_eq!(process.exit().await, Exit::Failed);
}
