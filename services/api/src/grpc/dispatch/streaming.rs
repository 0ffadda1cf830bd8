//! Streams.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};
use http::Extensions;
use proto::inference::v1::{
    GenerateTextRequest, Heartbeat, StreamGenerateTextResponse, stream_generate_text_response::Event,
};
use rpc::onward;
use tokio::time::timeout;
use tonic::{Request, Status};

use super::{Dispatch, client, gated::Gated, verdict::Refusal};
use crate::{
    grpc::forward::from_peer,
    routes::{Priority, Target},
};

/// How long an answer's headers wait for the first token, which decides whose name they tell. Then they go without a
/// name, so that heartbeats can follow them: nothing on the way should take the connection for an idle one.
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::grpc) type Events = BoxStream<'static, Result<StreamGenerateTextResponse, Status>>;

/// A stream that is there.
pub(in crate::grpc) struct Begun {
    /// Who sends it, where that is known and told.
    pub(in crate::grpc) release: Option<&'static str>,
    pub(in crate::grpc) events: Events,
}

/// What is asked, with everything that goes on with it.
struct Asked {
    extensions: Extensions,
    message: GenerateTextRequest,
    priority: Priority,
}

impl Dispatch {
    /// Opens a stream. Where there is somebody else to turn to, that goes on until the first token is there.
    pub(in crate::grpc) async fn stream_generate_text(
        &self,
        request: Request<GenerateTextRequest>,
        priority: Priority,
    ) -> Result<Begun, Status> {
        let (_, extensions, message) = request.into_parts();
        let route = self.route(&message.model)?;
        let is_lone = route.is_lone();
        let attempts = self.attempts(route, &extensions);
        let asked = Arc::new(Asked { extensions, message, priority });
        let send = move |target: Arc<Target>| open(target, Arc::clone(&asked), is_lone);
        let opening = async move {
            let won = attempts.run(send).await.map_err(from_peer)?;
            let events = won.answer.map(|event| event.map_err(from_peer)).boxed();
            Ok(Begun { release: won.target.release().told(), events })
        };
        let mut opening = opening.boxed();
        if let Ok(begun) = timeout(PATIENCE, &mut opening).await {
            return begun;
        }
        // What waits for a first event, as OpenAI's paths do, has one at once.
        let events = stream::iter([beat()]).chain(stream::once(opening).flat_map(told)).boxed();
        Ok(Begun { release: None, events })
    }
}

/// What says that a stream is alive.
#[expect(clippy::unnecessary_wraps, reason = "it stands among what may fail")]
pub(in crate::grpc) fn beat() -> Result<StreamGenerateTextResponse, Status> {
    Ok(StreamGenerateTextResponse { event: Some(Event::Heartbeat(Heartbeat {})) })
}

/// What becomes of a stream whose headers are gone.
fn told(opened: Result<Begun, Status>) -> Events {
    match opened {
        Ok(begun) => begun.events,
        Err(status) => stream::iter([Err(status)]).boxed(),
    }
}

/// Opens a stream at one target. The only one passes on what comes; of several each has to bring a token first, as
/// until then its work may be done by another: that it has started only says that it knows the prompt.
async fn open(target: Arc<Target>, asked: Arc<Asked>, is_lone: bool) -> Result<Events, Refusal> {
    let Asked { extensions, message, priority } = asked.as_ref();
    let gated = Gated::enter(target.release(), *priority).await?;
    let model = target.model(&message.model).to_owned();
    let request = onward(extensions, GenerateTextRequest { model, ..message.clone() });
    let events = client(target.release()).stream_generate_text(request).await;
    let events = events.inspect_err(|status| gated.failed(status))?.into_inner();
    // The call runs until its last event.
    let mut events = events.inspect(move |event| gated.see(event));
    if is_lone {
        return Ok(events.boxed());
    }
    let mut held = Vec::new();
    while let Some(response) = events.try_next().await? {
        let is_decisive = matches!(response.event, Some(Event::Token(_) | Event::Finished(_)));
        // While this waits, heartbeats are made by us.
        if !matches!(response.event, Some(Event::Heartbeat(_))) {
            held.push(Ok(response));
        }
        if is_decisive {
            break;
        }
    }
    Ok(stream::iter(held).chain(events).boxed())
}
