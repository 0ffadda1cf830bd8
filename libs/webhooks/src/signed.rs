//! What comes with a body.

use std::time::Duration;

use crate::{SigningKey, WebhooksError};

/// The header with the event's name, the same in every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the second in which it was signed, since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with its signatures, one for each secret that is in use.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The three headers of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The event's name.
    pub id: String,
    /// When it was signed, in seconds since 1970.
    pub timestamp: i64,
    /// The signatures, with spaces between them.
    pub signatures: String,
}

impl Signed {
    /// Signs a body with each of these keys.
    pub fn sign<'a>(
        keys: impl IntoIterator<Item = &'a SigningKey>,
        id: &str,
        timestamp: i64,
        body: &[u8],
    ) -> Self {
        let signatures: Vec<_> = keys.into_iter().map(|key| key.sign(id, timestamp, body)).collect();
        Self { id: id.to_owned(), timestamp, signatures: signatures.join(" ") }
    }

    /// Reads the headers; `header` gives one by its name in small letters.
    pub fn read(header: impl Fn(&str) -> Option<String>) -> Result<Self, WebhooksError> {
        let get = |name: &'static str| header(name).ok_or(WebhooksError::Header { name });
        let timestamp = get(TIMESTAMP_HEADER)?.trim().parse();
        Ok(Self {
            id: get(ID_HEADER)?.trim().to_owned(),
            timestamp: timestamp.map_err(|_| WebhooksError::Header { name: TIMESTAMP_HEADER })?,
            signatures: get(SIGNATURE_HEADER)?,
        })
    }

    /// Whether `body` was signed with `key`, and at most `tolerance` away from `now`, in seconds since 1970.
    pub fn verify(
        &self,
        key: &SigningKey,
        body: &[u8],
        now: i64,
        tolerance: Duration,
    ) -> Result<(), WebhooksError> {
        if self.timestamp.abs_diff(now) > tolerance.as_secs() {
            return Err(WebhooksError::Untimely { tolerance });
        }
        let signatures = self.signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
        let mut fits = signatures.map(|signature| key.fits(&self.id, self.timestamp, body, signature));
        if fits.any(|fits| fits) { Ok(()) } else { Err(WebhooksError::Forged) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Signed;
    use crate::{SigningKey, WebhooksError};

    const MINUTES: Duration = Duration::from_mins(5);

    fn key(master: &str, principal: &str) -> SigningKey {
        SigningKey::derive(&master.repeat(8).into_bytes(), principal).unwrap()
    }

    #[test]
    fn what_was_signed_verifies_with_each_key_and_nothing_else_does() {
        let keys = ["new", "old"].map(|master| key(master, "team-a"));
        let signed = Signed::sign(&keys, "0a", 1_000_000, b"{}");
        for key in &keys {
            signed.verify(key, b"{}", 1_000_100, MINUTES).unwrap();
            assert_eq!(signed.verify(key, b"{ }", 1_000_100, MINUTES), Err(WebhooksError::Forged));
        }
        let other = key("new", "team-b");
        assert_eq!(signed.verify(&other, b"{}", 1_000_100, MINUTES), Err(WebhooksError::Forged));
        for changed in [
            Signed { id: "0b".into(), ..signed.clone() },
            Signed { timestamp: 1_000_001, ..signed.clone() },
            Signed { signatures: String::new(), ..signed.clone() },
            Signed { signatures: signed.signatures.replace("v1,", "v2,"), ..signed.clone() },
        ] {
            assert_eq!(changed.verify(&keys[0], b"{}", 1_000_100, MINUTES), Err(WebhooksError::Forged));
        }
    }

    #[test]
    fn an_old_one_that_is_sent_again_is_not_believed() {
        let key = key("master", "team-a");
        let signed = Signed::sign([&key], "0a", 1_000_000, b"{}");
        for now in [1_000_301, 999_699, i64::MAX, i64::MIN] {
            let untimely = WebhooksError::Untimely { tolerance: MINUTES };
            assert_eq!(signed.verify(&key, b"{}", now, MINUTES), Err(untimely));
        }
    }

    #[test]
    fn headers_are_read_and_a_missing_one_is_named() {
        let key = key("master", "team-a");
        let signed = Signed::sign([&key], "0a", 1, b"{}");
        let read = Signed::read(|name| {
            Some(match name {
                "webhook-id" => "0a".to_owned(),
                "webhook-timestamp" => "1".to_owned(),
                _ => signed.signatures.clone(),
            })
        });
        assert_eq!(read.unwrap(), signed);
        assert_eq!(Signed::read(|_| None).unwrap_err(), WebhooksError::Header { name: "webhook-timestamp" });
    }
}
