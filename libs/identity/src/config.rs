//! The file of identities.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use accounts::{Account, Grants, Limits, check_key_name};
use arguments::{bytes_of, text_of, toml_problem};
use fault::Violation;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    IdentityError,
    certificates::Certificates,
    claims::{Claimed, Reading},
    issuer::Issuer,
    published::{Published, REFRESH},
    remote::{Place, Remote},
};

/// Clocks that differ more are broken.
const MOST_LEEWAY: Duration = Duration::from_mins(5);
const LEEWAY: Duration = Duration::from_secs(30);
const STALE: Duration = Duration::from_hours(1);
const LONGEST_NAME: usize = 32;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct IdentityFile {
    issuers: Vec<IssuerEntry>,
    certificates: Vec<CertificateEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerEntry {
    name: String,
    issuer: String,
    audiences: Vec<String>,
    jwks_url: Option<String>,
    #[serde(default = "usual_algorithms")]
    algorithms: Vec<String>,
    #[serde(default = "usual_principal")]
    principal: String,
    #[serde(default, deserialize_with = "length")]
    leeway: Option<Duration>,
    #[serde(default, deserialize_with = "length")]
    stale: Option<Duration>,
    authority: Option<PathBuf>,
    #[serde(default)]
    private: Vec<String>,
    #[serde(default)]
    claims: Claimed,
    #[serde(default)]
    grants: Grants,
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateEntry {
    san: String,
    name: String,
    #[serde(default)]
    grants: Grants,
    #[serde(default)]
    limits: Limits,
}

fn usual_algorithms() -> Vec<String> {
    ["RS256", "ES256"].map(str::to_owned).into()
}

fn usual_principal() -> String {
    "sub".to_owned()
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    arguments::duration(&text).map(Some).map_err(D::Error::custom)
}

/// Reads the issuers and certificates in the TOML file at `path`, at most 1 MiB.
pub(crate) fn read(path: &Path) -> Result<(Vec<Issuer>, Certificates), IdentityError> {
    let text = text_of(path).map_err(|source| failed(path, source))?;
    let wrong = |problem: &str| {
        IdentityError::Config(format!("{} is no file of identities: {problem}", path.display()))
    };
    let file: IdentityFile =
        toml::from_str(&text).map_err(|error| wrong(&toml_problem(&text, error.span(), error.message())))?;
    if file.issuers.is_empty() && file.certificates.is_empty() {
        // It would let nobody in, and nobody would know why.
        return Err(wrong("it names nobody: expected an [[issuers]] or a [[certificates]] table"));
    }
    distinct("issuers", file.issuers.iter().map(|entry| entry.name.as_str()))?;
    distinct("issuers", file.issuers.iter().map(|entry| entry.issuer.as_str()))?;
    distinct("certificates", file.certificates.iter().map(|entry| entry.san.as_str()))?;
    let issuers = file.issuers.into_iter().map(IssuerEntry::issuer).collect::<Result<_, _>>()?;
    let certificates = file.certificates.into_iter().map(CertificateEntry::account);
    Ok((issuers, Certificates::new(certificates.collect::<Result<Vec<_>, _>>()?)))
}

fn failed(path: &Path, source: io::Error) -> IdentityError {
    IdentityError::File { path: path.to_owned(), source }
}

fn distinct<'a>(table: &str, names: impl Iterator<Item = &'a str>) -> Result<(), IdentityError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(IdentityError::Config(format!("{table}: {name:?} is there twice")));
        }
    }
    Ok(())
}

impl IssuerEntry {
    fn issuer(self) -> Result<Issuer, IdentityError> {
        let name = self.name.clone();
        let wrong = |problem: String| IdentityError::Config(format!("issuers: {name:?}: {problem}"));
        self.check().map_err(wrong)?;
        let algorithms: Vec<_> =
            self.algorithms.iter().map(|name| algorithm(name)).collect::<Result<_, _>>().map_err(wrong)?;
        let place = Place::of(&self.issuer, self.jwks_url.as_deref()).map_err(wrong)?;
        let networks = self.private.iter().map(|text| {
            text.parse()
                .map_err(|_| wrong(format!("private: expected a network such as 10.0.0.0/8, got {text:?}")))
        });
        let networks = networks.collect::<Result<_, _>>()?;
        let authorities = self.authority.as_deref();
        let authorities = authorities.map(|path| bytes_of(path).map_err(|source| failed(path, source)));
        let authorities = authorities.transpose()?;
        let remote = Remote::new(place, networks, authorities, algorithms.clone());
        let remote = remote.map_err(|error| wrong(error.to_string()))?;
        Ok(Issuer {
            published: Published::new(&self.name, self.stale.unwrap_or(STALE)),
            url: self.issuer,
            audiences: self.audiences,
            algorithms,
            leeway: self.leeway.unwrap_or(LEEWAY),
            remote,
            reading: Reading {
                name: self.name,
                principal: self.principal,
                claimed: self.claims,
                granted: self.grants,
                limits: self.limits,
            },
        })
    }

    fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=LONGEST_NAME).contains(&self.name.len()) || !self.name.chars().all(is_plain) {
            return Err(format!("name: expected 1 to {LONGEST_NAME} lower-case letters, digits or `-`"));
        }
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return Err(
                "audiences: expected one at least: who is not named in a token must not take it".to_owned()
            );
        }
        if self.leeway.is_some_and(|leeway| leeway > MOST_LEEWAY) {
            return Err("leeway: expected at most 5m".to_owned());
        }
        if self.stale.is_some_and(|stale| stale < 2 * REFRESH) {
            return Err("stale: expected at least 20m: keys are fetched every 10m".to_owned());
        }
        let twice = [
            ("models", self.claims.models.is_some() && self.grants.models.is_some()),
            ("tools", self.claims.tools.is_some() && self.grants.tools.is_some()),
            ("jobs", self.claims.jobs.is_some() && self.grants.jobs.is_some()),
        ];
        if let Some((list, _)) = twice.into_iter().find(|(_, twice)| *twice) {
            return Err(format!("{list}: expected it in `claims` or in `grants`, not in both"));
        }
        sound(&self.grants, self.limits)
    }
}

fn sound(grants: &Grants, limits: Limits) -> Result<(), String> {
    let within = |table: &str, wrong: Violation| format!("{table}.{}: {}", wrong.field, wrong.description);
    let of_grants = grants.violations().into_iter().map(|wrong| within("grants", wrong));
    let of_limits = limits.violations().into_iter().map(|wrong| within("limits", wrong));
    of_grants.chain(of_limits).next().map_or(Ok(()), Err)
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = name.parse::<Algorithm>().ok();
    let public =
        known.filter(|known| !matches!(known, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512));
    public.ok_or_else(|| {
        format!("algorithms: expected RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA, got {name:?}")
    })
}

impl CertificateEntry {
    fn account(self) -> Result<(String, Account), IdentityError> {
        let wrong =
            |problem: String| IdentityError::Config(format!("certificates: {:?}: {problem}", self.san));
        check_key_name(&self.name).map_err(|error| wrong(error.to_string()))?;
        sound(&self.grants, self.limits).map_err(wrong)?;
        let is_name = !self.san.is_empty() && self.san.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name || self.san.contains('*') {
            return Err(wrong(
                "san: expected one whole URI or DNS name, as it stands in the certificate".to_owned(),
            ));
        }
        // A DNS name is the same in any case; a URI is not.
        let san = if self.san.contains(':') { self.san } else { self.san.to_ascii_lowercase() };
        let id = format!("certificate:{}", self.name);
        Ok((san, Account { id, name: self.name, grants: self.grants, limits: self.limits }))
    }
}

#[cfg(test)]
mod tests;
