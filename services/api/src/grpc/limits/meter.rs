//! The tokens of a stream, as they pass.

use accounts::Reservation;
use proto::inference::v1::{StreamGenerateTextResponse, stream_generate_text_response::Event};
use tonic::Status;

use super::admitted::{is_late, tokens};

/// Counts what a stream has used so far, which is what counts when its caller goes away.
pub(in crate::grpc) struct Meter {
    /// Until the stream has ended.
    reservation: Option<Reservation>,
    used: u64,
}

impl Meter {
    pub(super) fn new(reservation: Reservation) -> Self {
        Self { reservation: Some(reservation), used: 0 }
    }

    /// Sees what passes.
    pub(in crate::grpc) fn see(&mut self, passing: &Result<StreamGenerateTextResponse, Status>) {
        match passing.as_ref().map(|response| response.event.as_ref()) {
            Ok(Some(Event::Started(started))) => self.note(u64::from(started.prompt_tokens)),
            Ok(Some(Event::Token(_))) => self.note(self.used + 1),
            Ok(Some(Event::Finished(finished))) => {
                self.end(finished.usage.as_ref().map_or(self.used, tokens));
            }
            Ok(Some(Event::Heartbeat(_)) | None) => {}
            // Nothing of it was seen yet, so what was noted before counts.
            Err(status) if self.used == 0 && is_late(status) => drop(self.reservation.take()),
            Err(_) => self.end(self.used),
        }
    }

    fn note(&mut self, used: u64) {
        self.used = used;
        if let Some(reservation) = &mut self.reservation {
            reservation.note(used);
        }
    }

    fn end(&mut self, used: u64) {
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(used);
        }
    }
}
