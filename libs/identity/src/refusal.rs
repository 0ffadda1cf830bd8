//! Why a token or a certificate opens nothing.

use std::fmt;

/// Why a token or a certificate opens nothing. What callers are told names no key, issuer or audience that they do not know
/// already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is longer than any token.
    TooLong,
    /// It is no JWT, or its algorithm is none that exists; `none` is not one.
    Unreadable,
    /// It is a JWT for something else.
    Type,
    /// Its header names extensions that have to be understood.
    Critical,
    /// Nobody here believes its issuer.
    Issuer,
    /// It is signed in a way that is not accepted of its issuer.
    Algorithm,
    /// Its issuer has published no such key.
    Key,
    /// It does not say by which of its issuer's keys it is signed.
    KeyNotNamed,
    /// Its signature is not its issuer's.
    Signature,
    /// It is for somebody else.
    Audience,
    /// It does not say what each token has to.
    Claims,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    Early,
    /// Only the holder of another key may use it.
    Bound,
    /// It does not say who calls.
    Principal,
    /// It grants more words than travel between services.
    Grants,
    /// Nobody is known by this certificate.
    Certificate,
    /// Two callers are known by this certificate.
    Certificates,
}

impl Refusal {
    /// What Prometheus calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Unreadable => "unreadable",
            Self::Type => "type",
            Self::Critical => "critical",
            Self::Issuer => "issuer",
            Self::Algorithm => "algorithm",
            Self::Key | Self::KeyNotNamed => "key",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Expired => "expired",
            Self::Early => "early",
            Self::Bound => "bound",
            Self::Principal => "principal",
            Self::Grants => "grants",
            Self::Certificate | Self::Certificates => "certificate",
        }
    }

    /// What the caller is told.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::TooLong => "a token has at most 8 KiB",
            Self::Unreadable => "this token cannot be read, or is not signed in a way that is accepted here",
            Self::Type => "this token is not one for calling: send an access token",
            Self::Critical => "this token demands an extension that is not known here (`crit`)",
            Self::Issuer => "the issuer of this token is not accepted here",
            Self::Algorithm => "this token is signed with an algorithm that is not accepted of its issuer",
            Self::Key => "this token is signed with a key that its issuer does not publish",
            Self::KeyNotNamed => "this token does not name the key that it is signed with (`kid`)",
            Self::Signature => "the signature of this token is not its issuer's",
            Self::Audience => "this token is for another audience",
            Self::Claims => "this token lacks a claim that it must have: iss, aud and exp",
            Self::Expired => "this token has expired; get a new one",
            Self::Early => "this token is not valid yet",
            Self::Bound => "this token is bound to a key of its holder (`cnf`), which is not supported here",
            Self::Principal => "this token does not say who calls, or not in a way that is accepted here",
            Self::Grants => "this token grants more than 64 words in one list, or more than 8 KiB in all",
            Self::Certificate => {
                "nobody is known by this certificate: send `authorization: Bearer KEY` as well"
            }
            Self::Certificates => "this certificate bears the names of several callers",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.said())
    }
}
