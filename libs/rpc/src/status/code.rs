//! Our kinds and gRPC's codes, both ways.

use fault::Kind;
use tonic::Code;

/// The gRPC code of a kind; the names are the same.
pub const fn code_of(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Cancelled => Code::Cancelled,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Unavailable => Code::Unavailable,
        Kind::Unimplemented => Code::Unimplemented,
        Kind::DataLoss => Code::DataLoss,
        Kind::Internal => Code::Internal,
    }
}

/// The kind of a gRPC code. `OUT_OF_RANGE`, which tonic answers to an oversized message, is a wrong request;
/// `UNKNOWN`, and an error that claims to be `OK`, are faults of ours.
pub const fn kind_of(code: Code) -> Kind {
    match code {
        Code::InvalidArgument | Code::OutOfRange => Kind::InvalidArgument,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::PermissionDenied => Kind::PermissionDenied,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::FailedPrecondition => Kind::FailedPrecondition,
        Code::Aborted => Kind::Aborted,
        Code::ResourceExhausted => Kind::ResourceExhausted,
        Code::Cancelled => Kind::Cancelled,
        Code::DeadlineExceeded => Kind::DeadlineExceeded,
        Code::Unavailable => Kind::Unavailable,
        Code::Unimplemented => Kind::Unimplemented,
        Code::DataLoss => Kind::DataLoss,
        Code::Internal | Code::Unknown | Code::Ok => Kind::Internal,
    }
}

/// The code as the specification spells it, for labels, logs and people.
pub const fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unknown => "UNKNOWN",
        named => kind_of(named).reason(),
    }
}

#[cfg(test)]
mod tests {
    use fault::Kind;
    use tonic::Code;

    use super::{code_of, kind_of, name_of};

    #[test]
    fn every_kind_survives_the_way_there_and_back() {
        for kind in Kind::ALL {
            assert_eq!(kind_of(code_of(kind)), kind);
            assert_eq!(name_of(code_of(kind)), kind.reason());
        }
    }

    #[test]
    fn codes_without_a_kind_have_their_own_names() {
        assert_eq!(name_of(Code::Ok), "OK");
        assert_eq!(name_of(Code::OutOfRange), "OUT_OF_RANGE");
        assert_eq!(kind_of(Code::Unknown), Kind::Internal);
    }
}
