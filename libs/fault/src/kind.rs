//! The kinds of failure, closed on purpose: a new kind is a change of contract.

/// What went wrong, as far as a caller needs to know. The names are those of gRPC's status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The request itself is wrong; the same request will fail again.
    InvalidArgument,
    /// No valid credentials came with the request.
    Unauthenticated,
    /// The credentials are valid but do not allow this.
    PermissionDenied,
    /// The named thing does not exist.
    NotFound,
    /// The thing to be created exists.
    AlreadyExists,
    /// The system is not in the state that the request needs.
    FailedPrecondition,
    /// A concurrent change won; read again, then retry.
    Aborted,
    /// A limit or a queue is full; retry after a while.
    ResourceExhausted,
    /// The caller went away.
    Cancelled,
    /// The deadline passed before the work was done.
    DeadlineExceeded,
    /// The service, or one that it needs, cannot be reached or is going away; retry elsewhere.
    Unavailable,
    /// The operation exists in the contract but not here.
    Unimplemented,
    /// Stored data is lost or broken.
    DataLoss,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// Every kind, for tables and exhaustive tests.
    pub const ALL: [Self; 14] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::AlreadyExists,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::ResourceExhausted,
        Self::Cancelled,
        Self::DeadlineExceeded,
        Self::Unavailable,
        Self::Unimplemented,
        Self::DataLoss,
        Self::Internal,
    ];

    /// The kind as an `UPPER_SNAKE_CASE` word: the reason of a fault that gives no closer one.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Cancelled => "CANCELLED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::DataLoss => "DATA_LOSS",
            Self::Internal => "INTERNAL",
        }
    }

    /// Whether this counts against the service rather than against the caller, in metrics and alerts.
    pub const fn is_server_fault(self) -> bool {
        matches!(self, Self::Internal | Self::Unavailable | Self::DataLoss | Self::DeadlineExceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_has_its_own_reason() {
        let mut reasons: Vec<_> = Kind::ALL.iter().map(|kind| kind.reason()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), Kind::ALL.len());
    }
}
