//! Following one job.

use std::time::Duration;

use deadpool_redis::redis::Value;
use tokio::time::{Instant, sleep};

use super::{RedisQueue, reply};
use crate::{Event, Events, Happening, JobId, JobsError, State, event::PART};

/// Between two looks at a job: soon at first, when news are likely, and then at ease.
const SOON: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_millis(250);

const EVENTS: &str = "a job's events";

impl RedisQueue {
    pub(super) async fn watch_job(&self, id: JobId, after: u64, most: Duration) -> Result<Events, JobsError> {
        let deadline = Instant::now() + most;
        let mut pause = SOON;
        loop {
            let found = self.read_events(id, after).await?;
            let now = Instant::now();
            if !found.events.is_empty() || found.is_end || now >= deadline {
                return Ok(found);
            }
            sleep(pause.min(deadline - now)).await;
            pause = (pause * 2).min(LATER);
        }
    }

    async fn read_events(&self, id: JobId, after: u64) -> Result<Events, JobsError> {
        let server = self.server();
        let answer = server.run(&server.scripts.events, server.home(id)?, |command| {
            command.arg(id.stored()).arg(after).arg(PART);
        });
        let answer = reply::array(answer.await?, EVENTS)?;
        if answer.is_empty() {
            return Err(JobsError::NotFound { id });
        }
        let [last, ended, found] = reply::parts(Value::Array(answer), EVENTS)?;
        let events: Vec<_> =
            reply::array(found, EVENTS)?.into_iter().map(read_event).collect::<Result<_, _>>()?;
        let last = reply::tally(&last, EVENTS)?;
        // Without a gap the first event is the next one; where nothing is kept, all up to the last are missing.
        let first = events.first().map_or(last + 1, |event| event.sequence);
        Ok(Events {
            missed: first.saturating_sub(after.saturating_add(1)),
            is_end: reply::number(&ended, EVENTS)? == 1
                && events.last().map_or(after >= last || events.is_empty(), |event| event.sequence == last),
            events,
        })
    }
}

/// An entry is its number and then: `t`, the time, what, data.
fn read_event(entry: Value) -> Result<Event, JobsError> {
    let [number, fields] = reply::parts(entry, EVENTS)?;
    let [_t, at, what, data] = reply::parts(fields, EVENTS)?;
    let number = reply::text(number, EVENTS)?;
    let sequence = number.split('-').next().and_then(|text| text.parse().ok());
    let happening = match reply::text(what, EVENTS)?.as_str() {
        "p" => Happening::Progress(reply::bytes(data, EVENTS)?),
        "c" => Happening::CancelRequested,
        _ => {
            let state = State::parse(&reply::text(data, EVENTS)?);
            Happening::Entered(state.ok_or(JobsError::Corrupt { what: EVENTS })?)
        }
    };
    Ok(Event {
        sequence: sequence.ok_or(JobsError::Corrupt { what: EVENTS })?,
        at: reply::time(reply::number(&at, EVENTS)?, EVENTS)?,
        happening,
    })
}
