//! A peer's status as a fault of our own.

use std::{borrow::Cow, fmt, time::Duration};

use fault::{Fault, Kind, Quota, Violation};
use tonic::Status;
use tonic_types::StatusExt;

use super::{code::kind_of, details};

/// An error that another service answered: its kind, message, reason, wrong fields, quotas and retry delay.
///
/// A peer's message was made for its caller, so it is public; an `UNAUTHENTICATED` peer call is a fault of ours,
/// since the credentials were ours.
#[derive(Debug)]
pub struct Remote {
    kind: Kind,
    message: String,
    reason: Option<String>,
    violations: Vec<Violation>,
    quotas: Vec<Quota>,
    retry_after: Option<Duration>,
    nothing_was_done: bool,
}

impl Remote {
    /// The reason that the peer gave in its `ErrorInfo`, closer than the kind's where there is one.
    pub fn remote_reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_else(|| self.kind.reason())
    }

    /// The same in the words of a caller who has other names for the fields. A message that names fields is written
    /// anew.
    #[must_use]
    pub fn renamed(mut self, name: impl Fn(&str) -> String) -> Self {
        for violation in &mut self.violations {
            violation.field = name(&violation.field);
        }
        if !self.violations.is_empty() {
            let sentences: Vec<_> = self.violations.iter().map(Violation::to_string).collect();
            self.message = sentences.join("; ");
        }
        self
    }
}

impl From<Status> for Remote {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).filter(|reason| !reason.is_empty());
        let said = details.error_info().and_then(|info| info.metadata.get(details::NOTHING_DONE));
        let nothing_was_done = said.is_some_and(|said| said == "true");
        let (kind, message, reason) = match kind_of(status.code()) {
            Kind::Unauthenticated => (Kind::Internal, "The call failed inside the service.", None),
            kind => (kind, status.message(), reason),
        };
        Self {
            kind,
            message: message.to_owned(),
            reason,
            violations: details.bad_request().map_or_else(Vec::new, |bad| {
                bad.field_violations.iter().map(|it| Violation::new(&it.field, &it.description)).collect()
            }),
            quotas: details.quota_failure().map_or_else(Vec::new, |full| {
                full.violations.iter().map(|it| Quota::new(&it.subject, &it.description)).collect()
            }),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            nothing_was_done,
        }
    }
}

/// Answers our own caller with a peer's error, its reason kept; not logged here, since the peer has logged it.
impl From<Remote> for Status {
    fn from(remote: Remote) -> Self {
        details::describe(&remote, remote.remote_reason())
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a peer answered {}: {}", self.remote_reason(), self.message)
    }
}

impl std::error::Error for Remote {}

impl Fault for Remote {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.message.as_str().into()
    }

    fn violations(&self) -> &[Violation] {
        &self.violations
    }

    fn quotas(&self) -> Vec<Quota> {
        self.quotas.clone()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn nothing_was_done(&self) -> bool {
        self.nothing_was_done
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, fmt, time::Duration};

    use fault::{Fault, Kind, Quota, Violation};
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::Remote;
    use crate::status::status;

    #[derive(Debug)]
    struct Refusal {
        kind: Kind,
        violations: Vec<Violation>,
    }

    impl fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("secret: the inner text")
        }
    }

    impl std::error::Error for Refusal {}

    impl Fault for Refusal {
        fn kind(&self) -> Kind {
            self.kind
        }
        fn public_message(&self) -> Cow<'_, str> {
            "The queue is full.".into()
        }
        fn reason(&self) -> &'static str {
            "QUEUE_FULL"
        }
        fn violations(&self) -> &[Violation] {
            &self.violations
        }
        fn retry_after(&self) -> Option<Duration> {
            Some(Duration::from_millis(1500))
        }
        fn nothing_was_done(&self) -> bool {
            true
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("full")]
    struct Full(Vec<Quota>);

    impl Fault for Full {
        fn kind(&self) -> Kind {
            Kind::ResourceExhausted
        }
        fn public_message(&self) -> Cow<'_, str> {
            "It is full.".into()
        }
        fn reason(&self) -> &'static str {
            "QUOTAS"
        }
        fn quotas(&self) -> Vec<Quota> {
            self.0.clone()
        }
    }

    fn full_of(quotas: Vec<Quota>) -> Status {
        status(Full(quotas))
    }

    #[test]
    fn a_fault_survives_the_wire() {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Unauthenticated) {
            let violations = vec![Violation::new("sampling.top_p", "expected 0 to 1, got 3")];
            let sent = status(Refusal { kind, violations: violations.clone() });
            assert!(!format!("{sent:?}").contains("secret"), "the inner text must not be sent");
            let mut headers = http::HeaderMap::new();
            sent.add_header(&mut headers).unwrap();

            let remote = Remote::from(Status::from_header_map(&headers).unwrap());
            assert_eq!(remote.kind(), kind);
            assert_eq!(remote.public_message(), "The queue is full.");
            assert_eq!(remote.remote_reason(), "QUEUE_FULL");
            assert_eq!(remote.violations(), violations);
            assert_eq!(remote.retry_after(), Some(Duration::from_millis(1500)));
            assert!(remote.nothing_was_done() && !Remote::from(Status::unavailable("?")).nothing_was_done());
            assert_eq!(Status::from(remote).get_details_error_info().unwrap().reason, "QUEUE_FULL");
        }
    }

    #[test]
    fn fields_can_be_told_by_other_names() {
        let violations = vec![Violation::new("sampling.top_p", "expected 0 to 1, got 3")];
        let sent = status(Refusal { kind: Kind::InvalidArgument, violations });
        let renamed = Remote::from(sent).renamed(|field| field.replace("sampling.", ""));
        assert_eq!(renamed.violations()[0].field, "top_p");
        assert_eq!(renamed.public_message(), "top_p: expected 0 to 1, got 3");
        let full = status(Refusal { kind: Kind::ResourceExhausted, violations: vec![] });
        assert_eq!(Remote::from(full).renamed(str::to_owned).public_message(), "The queue is full.");
    }

    #[test]
    fn quota_failure_comes_with_resource_exhausted_and_what_names_quotas() {
        let full = status(Refusal { kind: Kind::ResourceExhausted, violations: vec![] });
        assert_eq!(full.get_details_quota_failure().unwrap().violations[0].subject, "QUEUE_FULL");
        let named = full_of(vec![Quota::new("key:1", "2 of 2 are used"), Quota::new("global", "all")]);
        let passed_on = Status::from(Remote::from(named)).get_details_quota_failure().unwrap();
        let subjects: Vec<_> = passed_on.violations.iter().map(|it| it.subject.as_str()).collect();
        assert_eq!(subjects, ["key:1", "global"]);
        let long = full_of(vec![Quota::new("global", "x".repeat(5_000))]);
        assert_eq!(long.get_details_quota_failure().unwrap().violations[0].subject, "QUOTAS");
        let other = status(Refusal { kind: Kind::Aborted, violations: vec![] });
        assert!(other.get_details_quota_failure().is_none());
    }

    #[test]
    fn credentials_that_a_peer_refuses_are_our_fault() {
        let refused = status(Refusal { kind: Kind::Unauthenticated, violations: vec![] });
        assert_eq!(Remote::from(refused).remote_reason(), "INTERNAL", "their caller is us, not ours");
        let remote = Remote::from(Status::unauthenticated("unknown key sk-1"));
        assert_eq!(remote.kind(), Kind::Internal);
        assert!(!remote.public_message().contains("sk-1"));
    }
}
