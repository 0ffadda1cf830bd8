use std::{sync::Arc, time::Duration};

use accounts::{Account, KeyArguments, Keys};
use futures::StreamExt;
use jobs::{MemoryQueue, Policies, Queue};
use proto::{
    inference::v1::GenerateTextRequest,
    jobs::v1::{
        CreateJobRequest, GenerateTextWork, Job, WatchJobRequest, job::Work, job_service_server::JobService,
        watch_job_response::Event,
    },
};
use rpc::Principal;
use runtime::{Exit, Life, Signal, Signals, Supervisor};
use tokio::time::Instant;
use tonic::{Code, Request};

use super::{Admission, HEARTBEAT, Jobs};
use crate::{Backends, desk::Desk, seal::Seal};

fn service(life: &Life) -> Jobs {
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::new(Policies::default()));
    let backends = Backends { queue: Some(queue), ..Backends::default() };
    let key = format!("me:{}", "ab".repeat(32));
    let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![key] }).unwrap();
    Jobs::new(Desk::of(&backends, Seal::of(&keys)), Admission::unlimited(), life.clone())
}

fn by_me<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    Principal::new("me").unwrap().attach(request.extensions_mut());
    request.extensions_mut().insert(Arc::new(Account::default()));
    request
}

async fn job(service: &Jobs) -> Job {
    let request = GenerateTextRequest { model: "m".into(), prompt: "Once".into(), ..Default::default() };
    let work = Work::GenerateText(GenerateTextWork { request: Some(request) });
    let request = CreateJobRequest {
        job: Some(Job { work: Some(work), ..Job::default() }),
        ..CreateJobRequest::default()
    };
    service.create_job(by_me(request)).await.unwrap().into_inner()
}

async fn watch(service: &Jobs, name: String) -> <Jobs as JobService>::WatchJobStream {
    service.watch_job(by_me(WatchJobRequest { name, after: 0 })).await.unwrap().into_inner()
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_heartbeats() {
    let service = service(&Life::new());
    let mut stream = watch(&service, job(&service).await.name).await;
    let first = stream.next().await.unwrap().unwrap();
    assert!(matches!(first.event, Some(Event::Job(_))));
    let since = Instant::now();
    for beat in 1..=10 {
        let told = stream.next().await.unwrap().unwrap();
        assert!(matches!(told.event, Some(Event::Heartbeat(_))) && told.sequence == 0, "{told:?}");
        assert_eq!(since.elapsed().as_secs(), HEARTBEAT.as_secs() * beat);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_watchers_elsewhere() {
    let (signals, received) = Signals::channel();
    let life = Life::new();
    let service = service(&life);
    let mut stream = watch(&service, job(&service).await.name).await;
    stream.next().await.unwrap().unwrap();
    let following = async move {
        let refused = stream.next().await.unwrap().unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(stream.next().await.is_none());
    };
    life.spawn("stream", following);
    let grace = Duration::from_secs(30);
    let supervisor = Supervisor { life, signals: received, grace, drain_delay: Duration::ZERO };
    signals.send(Signal::Terminate).await.unwrap();
    let exit = supervisor.run(async |_| Ok::<_, std::convert::Infallible>(())).await;
    assert_eq!(exit, Exit::Completed);
}
