//! The file of identities.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

use accounts::{Account, Grants, Limits, check_key_name};
use arguments::{Flaw, SettingsFile, from_toml};
use fault::Chain;
use ipnet::IpNet;
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
    let file = SettingsFile::new("--identities-file", path);
    let text = file.text()?;
    identities(&text).map_err(|flaw| file.wrong(flaw.found_in(&text)).into())
}

fn identities(text: &str) -> Result<(Vec<Issuer>, Certificates), Flaw> {
    let file: IdentityFile = from_toml(text)?;
    if file.issuers.is_empty() && file.certificates.is_empty() {
        // It would let nobody in, and nobody would know why.
        return Err(Flaw::new("", "it names nobody: expected an [[issuers]] or a [[certificates]] table"));
    }
    distinct("issuers", "name", file.issuers.iter().map(|entry| &entry.name))?;
    distinct("issuers", "issuer", file.issuers.iter().map(|entry| &entry.issuer))?;
    let issuers = each("issuers", file.issuers, IssuerEntry::issuer)?;
    let certificates = each("certificates", file.certificates, CertificateEntry::account)?;
    // As they are compared: of a name that is there in two cases only one would count.
    distinct("certificates", "san", certificates.iter().map(|(san, _)| san))?;
    Ok((issuers, Certificates::new(certificates)))
}

/// What the entries of a list stand for; the error names the entry.
fn each<E, T>(list: &str, entries: Vec<E>, made: fn(E) -> Result<T, Flaw>) -> Result<Vec<T>, Flaw> {
    let entries = entries.into_iter().enumerate();
    entries.map(|(at, entry)| made(entry).map_err(|flaw| flaw.within(&format!("{list}[{at}]")))).collect()
}

fn distinct<'a>(list: &str, field: &str, names: impl Iterator<Item = &'a String>) -> Result<(), Flaw> {
    let mut seen = HashSet::new();
    for (at, name) in names.enumerate() {
        if !seen.insert(name) {
            return Err(Flaw::new(format!("{list}[{at}].{field}"), format!("{name:?} is there twice")));
        }
    }
    Ok(())
}

impl IssuerEntry {
    fn issuer(self) -> Result<Issuer, Flaw> {
        self.check()?;
        let algorithms: Vec<_> =
            self.algorithms.iter().map(|name| algorithm(name)).collect::<Result<_, _>>()?;
        let place = Place::of(&self.issuer, self.jwks_url.as_deref())?;
        let asked = if self.jwks_url.is_some() { "jwks_url" } else { "issuer" };
        let remote = Remote::new(place, self.networks()?, self.authorities()?, algorithms.clone());
        let remote = remote.map_err(|error| Flaw::new(asked, Chain(&error).to_string()))?;
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

    fn networks(&self) -> Result<Vec<IpNet>, Flaw> {
        let networks = self.private.iter().enumerate().map(|(at, text)| {
            let said = || format!("expected a network such as 10.0.0.0/8, found {text:?}");
            text.parse().map_err(|_wrong| Flaw::new(format!("private[{at}]"), said()))
        });
        networks.collect()
    }

    /// What stands in the file of the authority, if there is one.
    fn authorities(&self) -> Result<Option<Vec<u8>>, Flaw> {
        let Some(path) = &self.authority else { return Ok(None) };
        let read = SettingsFile::new("", path).bytes();
        read.map(Some).map_err(|error| Flaw::new("authority", Chain(&error).to_string()))
    }

    fn check(&self) -> Result<(), Flaw> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=LONGEST_NAME).contains(&self.name.len()) || !self.name.chars().all(is_plain) {
            let said = format!("expected 1 to {LONGEST_NAME} lower-case letters, digits or `-`");
            return Err(Flaw::new("name", said));
        }
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            let said = "expected one at least: who is not named in a token must not take it";
            return Err(Flaw::new("audiences", said));
        }
        if self.leeway.is_some_and(|leeway| leeway > MOST_LEEWAY) {
            return Err(Flaw::new("leeway", "expected at most 5m"));
        }
        if self.stale.is_some_and(|stale| stale < 2 * REFRESH) {
            return Err(Flaw::new("stale", "expected at least 20m: keys are fetched every 10m"));
        }
        let twice = [
            ("models", self.claims.models.is_some() && self.grants.models.is_some()),
            ("tools", self.claims.tools.is_some() && self.grants.tools.is_some()),
            ("jobs", self.claims.jobs.is_some() && self.grants.jobs.is_some()),
        ];
        if let Some((list, _)) = twice.into_iter().find(|(_, twice)| *twice) {
            let said = "expected it in `claims` or in `grants`, not in both";
            return Err(Flaw::new(list, said).within("claims"));
        }
        sound(&self.grants, self.limits)
    }
}

fn sound(grants: &Grants, limits: Limits) -> Result<(), Flaw> {
    let of_grants = grants.violations().into_iter().map(|wrong| ("grants", wrong));
    let of_limits = limits.violations().into_iter().map(|wrong| ("limits", wrong));
    let first = of_grants.chain(of_limits).next();
    first.map_or(Ok(()), |(table, wrong)| Err(Flaw::new(wrong.field, wrong.description).within(table)))
}

fn algorithm(name: &str) -> Result<Algorithm, Flaw> {
    let known = name.parse::<Algorithm>().ok();
    let public =
        known.filter(|known| !matches!(known, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512));
    public.ok_or_else(|| {
        let known = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA";
        Flaw::new("algorithms", format!("expected {known}, found {name:?}"))
    })
}

impl CertificateEntry {
    fn account(self) -> Result<(String, Account), Flaw> {
        check_key_name(&self.name).map_err(|error| Flaw::new("name", error.to_string()))?;
        sound(&self.grants, self.limits)?;
        let is_name = !self.san.is_empty() && self.san.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name || self.san.contains('*') {
            let said = "expected one whole URI or DNS name, as it stands in the certificate";
            return Err(Flaw::new("san", said));
        }
        // A DNS name is the same in any case; a URI is not.
        let san = if self.san.contains(':') { self.san } else { self.san.to_ascii_lowercase() };
        let id = format!("certificate:{}", self.name);
        Ok((san, Account { id, name: self.name, grants: self.grants, limits: self.limits }))
    }
}

#[cfg(test)]
mod tests;
