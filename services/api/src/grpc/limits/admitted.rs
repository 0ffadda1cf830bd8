//! A call that was let in.

use accounts::Reservation;
use proto::inference::v1::{GenerateTextResponse, Usage};
use tonic::{Code, Response, Status};

use super::{headers, meter::Meter};

/// What a call may use. Dropped, it gives back what was not used, and its slot.
#[must_use = "limits are held as long as this is kept"]
pub(in crate::grpc) struct Admitted {
    reservation: Reservation,
    prompt_at_most: u64,
}

impl Admitted {
    pub(super) fn new(reservation: Reservation, prompt_at_most: u64) -> Self {
        Self { reservation, prompt_at_most }
    }

    /// An answer, whatever it is, that tells how the limits stand.
    pub(in crate::grpc) fn telling<M>(
        &self,
        answer: Result<Response<M>, Status>,
    ) -> Result<Response<M>, Status> {
        match answer {
            Ok(mut response) => {
                headers::write(self.reservation.standing(), response.metadata_mut());
                Ok(response)
            }
            Err(status) => Err(self.refusing(status)),
        }
    }

    /// A refusal of somebody further in, likewise.
    pub(in crate::grpc) fn refusing(&self, mut status: Status) -> Status {
        headers::write(self.reservation.standing(), status.metadata_mut());
        status
    }

    /// Waits for a whole text, and counts what it used.
    ///
    /// Nobody tells what is used before its end. If the caller goes away, or its time passes, the prompt counts as large
    /// as it may be; otherwise a model could be kept at work for nothing.
    pub(in crate::grpc) async fn whole(
        mut self,
        answer: impl Future<Output = Result<Response<GenerateTextResponse>, Status>>,
    ) -> Result<Response<GenerateTextResponse>, Status> {
        self.reservation.note(self.prompt_at_most);
        let answer = answer.await;
        let told = self.telling(answer);
        match &told {
            Ok(response) => match &response.get_ref().usage {
                Some(usage) => self.reservation.settle(tokens(usage)),
                None => drop(self.reservation),
            },
            Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
                drop(self.reservation);
            }
            // Refused before anything was done, or a fault of ours.
            Err(_) => self.reservation.settle(0),
        }
        told
    }

    /// What counts the tokens of a stream.
    pub(in crate::grpc) fn meter(self) -> Meter {
        Meter::new(self.reservation)
    }
}

/// All tokens that a call used.
pub(super) fn tokens(usage: &Usage) -> u64 {
    u64::from(usage.prompt_tokens) + u64::from(usage.completion_tokens)
}
