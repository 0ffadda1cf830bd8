//! An issuer whose tokens are accepted, and how one is verified.

use std::time::Duration;

use accounts::Account;
use jsonwebtoken::{
    Algorithm, Header, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde_json::{Map, Value};

use crate::{IdentityError, Refusal, claims::Reading, published::Published, remote::Remote, times};

/// The longest token that is looked at.
const LONGEST: usize = 8 * 1024;
/// What a token may call itself (RFC 8725, section 3.11): one made for something else opens nothing.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

pub(crate) struct Issuer {
    /// What its tokens call it.
    pub(crate) url: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: Duration,
    pub(crate) reading: Reading,
    pub(crate) published: Published,
    pub(crate) remote: Remote,
}

/// The header of a token, if it is one that could be accepted of somebody.
pub(crate) fn header(token: &[u8]) -> Result<Header, Refusal> {
    if token.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    let header = decode_header(token).map_err(|_unreadable| Refusal::Unreadable)?;
    if header.crit.is_some() {
        return Err(Refusal::Critical);
    }
    let kind = header.typ.as_deref().unwrap_or(TYPES[0]).to_ascii_lowercase();
    let kind = kind.strip_prefix("application/").unwrap_or(&kind);
    if TYPES.contains(&kind) { Ok(header) } else { Err(Refusal::Type) }
}

impl Issuer {
    /// Whoever calls with a token of this issuer: if it is signed with a key that the issuer publishes, by an algorithm that
    /// is accepted of that key, is meant for us, and `now` lies within its time.
    pub(crate) async fn account(
        &self,
        token: &[u8],
        header: &Header,
        now: i64,
    ) -> Result<Account, IdentityError> {
        if !self.algorithms.contains(&header.alg) {
            return Err(Refusal::Algorithm.into());
        }
        let key = self.published.find(header.kid.as_deref(), header.alg).await?;
        let verified = decode::<Map<String, Value>>(token, &key.decoding, &self.validation(header.alg));
        let claims = verified.map_err(|error| refusal(&error))?.claims;
        times::check(&claims, now, self.leeway)?;
        if claims.contains_key("cnf") {
            return Err(Refusal::Bound.into());
        }
        Ok(self.reading.account(&claims)?)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.url]);
        validation.set_audience(&self.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // By our own clock, with the signature.
        validation.validate_exp = false;
        validation
    }
}

fn refusal(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => Refusal::Claims,
        ErrorKind::InvalidToken | ErrorKind::Json(_) | ErrorKind::Utf8(_) => Refusal::Unreadable,
        ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
        _ => Refusal::Signature,
    }
}
