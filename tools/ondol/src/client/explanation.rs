//! A failed call as a person reads it: what it is, what was wrong with which field, and what to do.

use anyhow::Error;
use fault::{Fault, Rounded};
use rpc::{ConnectFailure, Obstacle, REQUEST_ID_HEADER, Remote, name_of};
use tonic::{Code, Status, transport::Uri};
use tonic_types::StatusExt;

/// How errors name the other end.
pub(super) const SERVER: &str = "the server";

const IS_IT_RUNNING: &str = "is it running? `ondol up` starts one here, --server names another";

/// What the user chose of the way to the server.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) server: Uri,
    /// Whether a client certificate is shown.
    pub(super) identified: bool,
}

impl Way {
    /// The status in words. `failure` is what was in the way of the last connection, `id` what the call was made under.
    pub(super) fn explain(
        &self,
        status: Status,
        failure: Option<&ConnectFailure>,
        id: Option<&str>,
    ) -> Error {
        let code = status.code();
        let id = told_id(&status).or_else(|| id.map(str::to_owned));
        let told = told_reason(&status);
        // The key was the user's own, where a service would not tell its callers about its own credentials.
        let refused_key =
            (code == Code::Unauthenticated).then(|| format!("{}; see --api-key", status.message()));
        let remote = Remote::from(status);
        let message = refused_key.unwrap_or_else(|| remote.public_message().into_owned());
        // Programs go by both, as docs/errors.md spells them.
        let reason = told.as_deref().unwrap_or(name_of(code));
        let mut lines = vec![format!("{} ({reason}): {message}", name_of(code))];
        lines.extend(told.as_deref().and_then(about).map(str::to_owned));
        if code == Code::Unavailable && is_about_the_server(&message) {
            lines.extend(failure.map(|failure| self.cause(failure)));
            let obstacle = failure.map_or(Obstacle::Address, ConnectFailure::obstacle);
            lines.extend(self.advice(obstacle).map(str::to_owned));
        }
        lines.extend(details(&remote, &message));
        lines.extend(id.map(|id| format!("request id: {id}")));
        Error::msg(lines.join("\n  "))
    }

    fn cause(&self, failure: &ConnectFailure) -> String {
        format!("connecting to {}: {failure}", self.server.to_string().trim_end_matches('/'))
    }

    fn advice(&self, obstacle: Obstacle) -> Option<&'static str> {
        let secure = self.server.scheme_str() == Some("https");
        match obstacle {
            Obstacle::Name => Some("is the host in --server spelled right?"),
            Obstacle::Certificate => Some(
                "--tls-ca must name the authority that signed the server's certificate, and --server a host that the \
                 certificate is made out to",
            ),
            Obstacle::AuthorityAsServer => Some(
                "the server shows the certificate of an authority (CA:TRUE), where it needs one with CA:FALSE; \
                 docs/operating.md shows how to make it",
            ),
            Obstacle::Plaintext => {
                Some("does it speak TLS? --server http://HOST:PORT is for one that does not")
            }
            Obstacle::Protocol if !secure => Some(
                "does it speak TLS? then give --server https://HOST:PORT, and with --tls-ca the authority that signed its \
                 certificate",
            ),
            Obstacle::Handshake | Obstacle::Protocol if self.identified => {
                Some("does the server trust the authority that signed the certificate of --tls-cert?")
            }
            Obstacle::Handshake | Obstacle::Protocol => {
                Some("does it ask for a client's certificate? --tls-cert and --tls-key show one")
            }
            Obstacle::Lost => None,
            _ => Some(IS_IT_RUNNING),
        }
    }
}

/// What the server says besides: a line each, but for what its message says already.
fn details(remote: &Remote, message: &str) -> Vec<String> {
    let fields = remote.violations().iter().map(ToString::to_string);
    let mut lines: Vec<_> = fields.filter(|field| !message.contains(field)).collect();
    let quotas = remote.quotas().into_iter().filter(|quota| !message.contains(&quota.description));
    lines.extend(quotas.map(|quota| format!("{}: {}", quota.subject, quota.description)));
    lines.extend(remote.nothing_was_done().then(|| "nothing was done".to_owned()));
    lines.extend(remote.retry_after().map(|delay| format!("try again in {}", Rounded(delay))));
    lines
}

/// The reason that the server gives.
fn told_reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason).filter(|reason| !reason.is_empty())
}

/// The id under which the server knows the call: from the details of its error, or from the headers of an answer that
/// went wrong here.
fn told_id(status: &Status) -> Option<String> {
    let detail = status.get_details_request_info().map(|info| info.request_id).filter(|id| !id.is_empty());
    detail.or_else(|| Some(status.metadata().get(REQUEST_ID_HEADER.as_str())?.to_str().ok()?.to_owned()))
}

/// What this command line can do about it, where the server cannot know.
fn about(reason: &str) -> Option<&'static str> {
    match reason {
        "ADMIN_SCOPE_REQUIRED" => Some(
            "--api-key or ONDOL_API_KEY gives another key; `ondol keys new NAME --scopes admin` makes a first one for api's \
             key file, and the development key of `ondol up` has the scope",
        ),
        "NO_KEY_STORE" => Some("`ondol up` has a store of keys in its memory"),
        "API_KEY_NOT_FOUND" => Some(
            "`ondol keys list` names those that were created; keys of api's key file are changed in the file",
        ),
        "OUT_OF_RANGE" => Some("--max-message-bytes of the server bounds what it takes"),
        _ => None,
    }
}

/// Whether our own end of the connection says this, rather than the server about a peer of its own.
fn is_about_the_server(message: &str) -> bool {
    message.starts_with(SERVER) || message.starts_with(&format!("the connection to {SERVER}"))
}

#[cfg(test)]
mod tests {
    use fault::Violation;
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn way(server: &str) -> Way {
        Way { server: server.parse().unwrap(), identified: false }
    }

    #[test]
    fn a_wrong_field_is_printed_once() {
        let violation = Violation::new("max_tokens", "must be at most 9");
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation(&violation.field, &violation.description);
        for message in ["max_tokens: must be at most 9", "wrong fields"] {
            let status = Status::with_error_details(Code::InvalidArgument, message, details.clone());
            let text = way("http://h:1").explain(status, None, None).to_string();
            assert_eq!(text.matches(&violation.to_string()).count(), 1, "{text}");
        }
    }

    #[test]
    fn code_and_reason_are_told_as_the_table_of_errors_spells_them() {
        let said = |code, details: ErrorDetails| {
            way("http://h:1").explain(Status::with_error_details(code, "no", details), None, None).to_string()
        };
        let with = |reason: &str| ErrorDetails::with_error_info(reason, "ondol.dev", []);
        assert_eq!(said(Code::NotFound, with("NOT_FOUND")), "NOT_FOUND (NOT_FOUND): no");
        assert_eq!(said(Code::NotFound, with("MODEL_NOT_FOUND")), "NOT_FOUND (MODEL_NOT_FOUND): no");
        assert_eq!(said(Code::OutOfRange, ErrorDetails::new()), "OUT_OF_RANGE (OUT_OF_RANGE): no");
        let too_large = said(Code::OutOfRange, with("OUT_OF_RANGE"));
        assert!(too_large.contains("--max-message-bytes of the server"), "{too_large}");
        let unknown = said(Code::Unauthenticated, with("UNAUTHENTICATED"));
        assert!(unknown.starts_with("UNAUTHENTICATED (UNAUTHENTICATED): no; see --api-key"), "{unknown}");
        let refused = said(Code::PermissionDenied, with("ADMIN_SCOPE_REQUIRED"));
        assert!(refused.contains("--scopes admin") && refused.contains("ONDOL_API_KEY"), "{refused}");
    }

    #[test]
    fn all_details_are_told_and_the_servers_word_for_the_call_comes_first() {
        let mut details = ErrorDetails::new();
        details.set_error_info(
            "QUOTA_EXCEEDED",
            "ondol.dev",
            [("nothing_done".to_owned(), "true".to_owned())],
        );
        details.add_quota_failure_violation("key:0a", "9 of 9 are used");
        details.set_request_info("r-1", "");
        let status = Status::with_error_details(Code::ResourceExhausted, "no", details);
        let text = way("http://h:1").explain(status, None, Some("ours")).to_string();
        let lines = ["key:0a: 9 of 9 are used", "nothing was done", "request id: r-1"];
        assert_eq!(text, format!("RESOURCE_EXHAUSTED (QUOTA_EXCEEDED): no\n  {}", lines.join("\n  ")));
        let mut broken = Status::internal("broken");
        let ours = way("http://h:1").explain(broken.clone(), None, Some("ours")).to_string();
        assert!(ours.ends_with("\n  request id: ours"), "{ours}");
        broken.metadata_mut().insert("x-request-id", "r-2".parse().unwrap());
        let theirs = way("http://h:1").explain(broken, None, Some("ours")).to_string();
        assert!(theirs.ends_with("\n  request id: r-2"), "{theirs}");
    }

    #[test]
    fn the_advice_fits_the_obstacle_and_the_scheme() {
        for (server, obstacle, word) in [
            ("http://h:1", Obstacle::Address, "is it running?"),
            ("http://h:1", Obstacle::Name, "spelled right"),
            ("http://h:1", Obstacle::Protocol, "--server https://"),
            ("https://h:1", Obstacle::Certificate, "--tls-ca"),
            ("https://h:1", Obstacle::AuthorityAsServer, "CA:FALSE"),
            ("https://h:1", Obstacle::Plaintext, "--server http://"),
            ("https://h:1", Obstacle::Protocol, "--tls-cert and --tls-key"),
        ] {
            let advice = way(server).advice(obstacle).unwrap_or_default();
            assert!(advice.contains(word), "{obstacle:?}: {advice}");
        }
        let identified = Way { identified: true, ..way("https://h:1") };
        assert!(identified.advice(Obstacle::Protocol).unwrap_or_default().contains("trust the authority"));
        assert_eq!(way("http://h:1").advice(Obstacle::Lost), None);
    }

    #[test]
    fn a_peer_of_the_server_is_not_the_server() {
        assert!(is_about_the_server("the server cannot be reached at the moment"));
        assert!(is_about_the_server("the connection to the server broke during the call"));
        assert!(!is_about_the_server("llm-inference cannot be reached at the moment"));
    }
}
