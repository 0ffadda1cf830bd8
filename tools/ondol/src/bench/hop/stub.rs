//! `ondol bench stub`: a model that only waits, and whatever else the systems under measurement want to talk to.
//!
//! One port answers the contract's inference service, OpenAI's chat completions, and any other gRPC method with an empty
//! message: a collector of traces and an authorizer that lets everybody in need no more.

mod delay;
mod inference;
mod nothing;
mod openai;
mod room;

use std::{
    convert::Infallible,
    net::SocketAddr,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use futures::{Stream, StreamExt, stream};
use http::{Request, Response};
use proto::inference::v1::inference_service_server::{InferenceServiceServer, SERVICE_NAME};
use runtime::Life;
use tokio::time::{Instant, sleep, sleep_until};
use tonic::{body::Body, transport::Server};
use tower::{Service, service_fn};

use self::{delay::Delay, inference::Inference, room::Room};
use super::{chance::Chance, clock::stamp};
use crate::{process, up::SERVICE};

/// More than any measurement has.
const STREAMS: u32 = 1 << 20;

/// How it answers.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// How long an answer takes on average
    #[arg(long, default_value = "0s", value_name = "TIME", value_parser = arguments::duration)]
    mean: Duration,
    /// What 95 of 100 answers stay within, which makes times log-normal [default: all take the same]
    #[arg(long, value_name = "TIME", value_parser = arguments::duration)]
    p95: Option<Duration>,
    /// Time from one token of a stream to the next
    #[arg(long, default_value = "10ms", value_name = "TIME", value_parser = arguments::duration)]
    gap: Duration,
    #[command(flatten)]
    room: room::Arguments,
}

/// Serves until it is ended.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        let delay = Delay::new(arguments.mean, arguments.p95.unwrap_or(arguments.mean))?;
        let pace = Pace::new(delay, arguments.gap);
        let server = Server::builder().accept_http1(true).max_concurrent_streams(STREAMS);
        let room = Room::new(&arguments.room, arguments.mean);
        let inference = InferenceServiceServer::new(Inference { pace: pace.clone(), room });
        let service = service_fn(move |request| answer(request, inference.clone(), pace.clone()));
        let serving = server.serve_with_shutdown(arguments.listen, service, life.draining());
        life.spawn("stub", serving);
        Ok(())
    })
}

async fn answer(
    request: Request<Body>,
    mut inference: InferenceServiceServer<Inference>,
    pace: Pace,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.get(1..).is_some_and(|path| path.starts_with(SERVICE_NAME)) {
        return inference.call(request).await;
    }
    let (head, body) = request.into_parts();
    drop(head);
    Ok(if path == openai::PATH { openai::answer(body, pace).await } else { nothing::answer(body).await })
}

/// How long answers take.
#[derive(Clone)]
struct Pace {
    delay: Delay,
    chance: Arc<Mutex<Chance>>,
    gap: Duration,
}

impl Pace {
    fn new(delay: Delay, gap: Duration) -> Self {
        Self { delay, chance: Arc::new(Mutex::new(Chance::new(1))), gap }
    }

    /// Waits as long as an answer takes. No timer for no time: it would wait for the next millisecond.
    async fn wait(&self) {
        let time = self.delay.draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner));
        if !time.is_zero() {
            sleep(time).await;
        }
    }

    /// Tokens that say when they were made, the first of them at once.
    fn tokens(&self, count: u32) -> impl Stream<Item = String> + Send + use<> {
        let (begun, gap) = (Instant::now(), self.gap);
        stream::iter(0..count).then(move |number| async move {
            if number > 0 {
                sleep_until(begun + gap * number).await;
            }
            stamp()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt;
    use tokio::time::Instant;

    use super::{Delay, Pace};

    #[tokio::test(start_paused = true)]
    async fn the_first_token_comes_at_once_and_the_others_a_gap_apart() {
        let delay = Delay::new(Duration::ZERO, Duration::ZERO).unwrap();
        let pace = Pace::new(delay, Duration::from_millis(10));
        let begun = Instant::now();
        pace.wait().await;
        let times: Vec<_> = pace.tokens(3).map(|_| begun.elapsed().as_millis()).collect().await;
        // The clock goes by milliseconds, and none is early.
        let near = |(time, due): (&u128, u128)| (due..=due + 2).contains(time);
        assert!(times.len() == 3 && times.iter().zip([0, 10, 20]).all(near), "{times:?}");
    }
}
