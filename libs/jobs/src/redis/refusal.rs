//! Why a connection did not come about, with the flag to look at.

use deadpool_redis::redis::{ErrorKind, RedisError};

/// What is most likely wrong, and what the connection said. It has no source: the library's errors repeat theirs.
#[derive(Debug, thiserror::Error)]
#[error("{advice} ({said})")]
struct Refusal {
    advice: &'static str,
    said: String,
}

/// A clue in what was said, and what it means. The library passes most of it on as text only.
const CLUES: [(&str, &str); 12] = [
    ("UnknownIssuer", STRANGER),
    // An authority of the same name with another key.
    ("BadSignature", STRANGER),
    ("not valid for name", "the server's certificate is for another name than the host in --redis-url"),
    ("NotValidForName", "the server's certificate is for another name than the host in --redis-url"),
    ("invalid peer certificate", "the certificate of the server at --redis-url is not valid"),
    (
        "fatal alert: ",
        "the server refused our certificate, see --redis-certificate-file and --redis-key-file",
    ),
    ("InvalidContentType", "the server at --redis-url does not speak TLS, for which redis:// stands"),
    ("Unable to build client with TLS", "--redis-key-file is not the key of --redis-certificate-file"),
    ("keys may not be consistent", "--redis-key-file is not the key of --redis-certificate-file"),
    ("WRONGPASS", PASSWORD),
    ("NOAUTH", "the server wants a password, see --redis-password"),
    ("Master with given name not found", "the sentinels know no server by the name --redis-service"),
];

const STRANGER: &str = "the server's certificate is not signed by the authority in --redis-ca-file, or without one by \
                        any that the system trusts";
const PASSWORD: &str = "the server refused the user or password, see --redis-password";

/// The error with its advice, where there is one.
pub(super) fn explain(error: RedisError) -> Box<dyn std::error::Error + Send + Sync> {
    let said = error.to_string();
    let clue = CLUES.iter().find(|(clue, _)| said.contains(clue));
    let password = (error.kind() == ErrorKind::AuthenticationFailed).then_some(PASSWORD);
    match clue.map(|(_, advice)| *advice).or(password) {
        Some(advice) => Box::new(Refusal { advice, said }),
        None => Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use deadpool_redis::redis::{ErrorKind, RedisError};

    use super::explain;

    #[test]
    fn what_is_known_is_explained_and_the_rest_passed_on() {
        let known =
            RedisError::from((ErrorKind::Io, "no", "invalid peer certificate: UnknownIssuer".to_owned()));
        assert!(explain(known).to_string().contains("--redis-ca-file"));
        let refused = RedisError::from((ErrorKind::AuthenticationFailed, "no"));
        assert!(explain(refused).to_string().contains("--redis-password"));
        let other = RedisError::from((ErrorKind::Io, "it is dark"));
        assert!(explain(other).to_string().contains("dark"));
    }
}
