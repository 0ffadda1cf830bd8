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

    /// The same while nobody tells what is used. If the caller goes away then, or its time passes, the prompt counts as
    /// large as it may be; otherwise a model could be kept at work for nothing.
    pub(in crate::grpc) fn unseen(mut self) -> Self {
        self.reservation.note(self.prompt_at_most);
        self
    }

    /// A refusal that ends it. Unless time has passed, it was made before anything was done, or it is a fault of ours.
    pub(in crate::grpc) fn refused(self, status: Status) -> Status {
        let told = self.refusing(status);
        if !is_late(&told) {
            self.reservation.settle(0);
        }
        told
    }

    /// Waits for a whole text, and counts what it used, of which nothing is told before its end.
    pub(in crate::grpc) async fn whole(
        self,
        answer: impl Future<Output = Result<Response<GenerateTextResponse>, Status>>,
    ) -> Result<Response<GenerateTextResponse>, Status> {
        let this = self.unseen();
        let told = match answer.await {
            Ok(answer) => this.telling(Ok(answer))?,
            Err(status) => return Err(this.refused(status)),
        };
        if let Some(usage) = &told.get_ref().usage {
            this.reservation.settle(tokens(usage));
        }
        Ok(told)
    }

    /// What counts the tokens of a stream.
    pub(in crate::grpc) fn meter(self) -> Meter {
        Meter::new(self.reservation)
    }
}

/// Whether nobody waited for an answer.
pub(super) fn is_late(status: &Status) -> bool {
    matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled)
}

/// All tokens that a call used.
pub(super) fn tokens(usage: &Usage) -> u64 {
    u64::from(usage.prompt_tokens) + u64::from(usage.completion_tokens)
}
