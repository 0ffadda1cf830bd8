//! The keys that bodies are signed with.

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::WebhooksError;

/// What the keys of principals are derived for.
const PURPOSE: &[u8] = b"ondol webhooks";
const PREFIX: &str = "whsec_";
/// What the specification takes for a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A key to sign and to verify with. It prints as nothing.
#[derive(Clone)]
pub struct SigningKey {
    bytes: Vec<u8>,
    key: Key,
}

impl SigningKey {
    /// A principal's key. Whoever has it can neither find the master nor the key of another principal, so the master has to be
    /// as long as a secret.
    pub fn derive(master: &[u8], principal: &str) -> Result<Self, WebhooksError> {
        let least = *LENGTHS.start();
        if master.len() < least {
            return Err(WebhooksError::Guessable { least });
        }
        let mut context = hmac::Context::with_key(&Key::new(HMAC_SHA256, master));
        context.update(PURPOSE);
        context.update(principal.as_bytes());
        Ok(Self::of(context.sign().as_ref().to_vec()))
    }

    /// Reads what [`text`](Self::text) wrote, or any other secret of the specification.
    pub fn parse(text: &str) -> Result<Self, WebhooksError> {
        let bytes = text.trim().strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
        bytes.filter(|bytes| LENGTHS.contains(&bytes.len())).map(Self::of).ok_or(WebhooksError::Secret)
    }

    fn of(bytes: Vec<u8>) -> Self {
        Self { key: Key::new(HMAC_SHA256, &bytes), bytes }
    }

    /// As its receiver is told of it: `whsec_` and base64.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.bytes))
    }

    /// The signature of a body that was signed at this second: `v1,` and base64.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        format!("v1,{}", BASE64_STANDARD.encode(self.context(id, timestamp, body).sign().as_ref()))
    }

    /// Whether a signature, without its version, is this key's. It takes the same time for every wrong one.
    pub(crate) fn fits(&self, id: &str, timestamp: i64, body: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        let start = format!("{id}.{timestamp}.");
        hmac::verify(&self.key, &[start.as_bytes(), body].concat(), &signature).is_ok()
    }

    fn context(&self, id: &str, timestamp: i64, body: &[u8]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        context
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::SigningKey;
    use crate::WebhooksError;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of its own test suite.
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_principal_has_a_key_of_its_own_that_is_read_as_it_is_written() {
        let key = |master: &str, principal| {
            SigningKey::derive(&master.repeat(4).into_bytes(), principal).map(|key| key.text())
        };
        let mine = key("master", "team-a").unwrap();
        assert_eq!(SigningKey::parse(&mine).unwrap().text(), mine);
        assert_ne!(key("master", "team-b").unwrap(), mine);
        assert_ne!(key("mister", "team-a").unwrap(), mine);
        assert_eq!(key("short", "team-a"), Err(WebhooksError::Guessable { least: 24 }));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for wrong in
            ["", "whsec_", "hunter2", "whsec_aGk=", "whsec_!!!!", &format!("whsec_{}", "A".repeat(100))]
        {
            let told = SigningKey::parse(wrong).unwrap_err().to_string();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
