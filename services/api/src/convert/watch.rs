//! What a watch tells.

use jobs::{Event, Events, Happening, State};
use jobview::state;
use prost::Message;
use proto::jobs::v1::{self as wire, watch_job_response::Event as Told};

/// Nothing but a sign of life.
pub(crate) fn beat() -> wire::WatchJobResponse {
    wire::WatchJobResponse { sequence: 0, event: Some(Told::Heartbeat(wire::Heartbeat {})) }
}

/// That events up to those of `news` are no longer kept, and the state that they led to where `news` does not begin
/// with one.
pub(crate) fn missed(
    news: &Events,
    known: u64,
    now: Option<&wire::Job>,
) -> impl Iterator<Item = wire::WatchJobResponse> {
    let first = news.events.first();
    let sequence = first.map_or(known, |event| event.sequence.saturating_sub(1));
    // Only what runs reports progress.
    let runs = first.is_some_and(|event| !tells_of_job(event)).then(|| Told::Job(then(now, State::Running)));
    let told = std::iter::once(Told::Missed(news.missed)).chain(runs);
    told.map(move |event| wire::WatchJobResponse { sequence, event: Some(event) })
}

/// Whether an event is told with the whole job.
pub(crate) fn tells_of_job(event: &Event) -> bool {
    !matches!(event.happening, Happening::Progress(_))
}

/// An event of a job that is known to be so now.
pub(crate) fn event(event: Event, now: Option<&wire::Job>) -> wire::WatchJobResponse {
    let told = match event.happening {
        Happening::Progress(bytes) => {
            // A handler's words that nobody can read are still an event, with a number.
            Told::Progress(wire::Progress::decode(bytes.as_slice()).unwrap_or_default())
        }
        Happening::Entered(entered) => Told::Job(then(now, entered)),
        Happening::CancelRequested => {
            let job = then(now, State::Running);
            Told::Job(wire::Job { cancel_requested: true, ..job })
        }
    };
    wire::WatchJobResponse { sequence: event.sequence, event: Some(told) }
}

/// The job as it is known now, in the state that it entered then: without what came of it only later.
fn then(now: Option<&wire::Job>, entered: State) -> wire::Job {
    let mut job = now.cloned().unwrap_or_default();
    let entered_then = i32::from(state(entered));
    if job.state != entered_then {
        job.state = entered_then;
        job.artifacts.clear();
        job.failure.clear();
        job.end_time = None;
    }
    job
}
