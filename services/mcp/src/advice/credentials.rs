//! Whether the secrets that are named can be had now.

use std::time::Duration;

use fault::Chain;
use secrets::{Reference, SecretsError};
use tokio::time::timeout;

use crate::{Config, Means, config::AuthConfig};

/// How long one secret is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A secret by the place that names it.
type Named<'a> = (String, &'a Reference);

pub(super) async fn told(config: &Config, means: &Means) -> Vec<String> {
    let mut told: Vec<_> = scopes(config).collect();
    // Places that cannot be opened are an error, which says more than one warning for each secret.
    let Ok(secrets) = means.secrets(config).await else { return told };
    if config.secrets.is_empty() {
        return told;
    }
    for (place, reference) in named(config) {
        let problem = match timeout(PATIENCE, secrets.get(reference)).await {
            Ok(Ok(_)) => continue,
            Ok(Err(error @ SecretsError::NotFound { .. })) => {
                format!("{error} in {}", config.secrets.places(&config.folder))
            }
            Ok(Err(error)) => Chain(&error).to_string(),
            Err(_) => format!("the secret {reference} could not be had in {} s", PATIENCE.as_secs()),
        };
        told.push(format!("{place}: {problem}"));
    }
    told
}

fn auths(config: &Config) -> impl Iterator<Item = (String, &AuthConfig)> {
    let apis = config.http.iter().map(|(name, api)| (format!("[http.{name}.auth"), api.auth.as_ref()));
    let others = config.upstreams.iter();
    let others = others.map(|(name, server)| (format!("[upstreams.{name}.auth"), server.auth.as_ref()));
    apis.chain(others).filter_map(|(place, auth)| Some((place, auth?)))
}

fn named(config: &Config) -> Vec<Named<'_>> {
    let mut named: Vec<Named<'_>> = Vec::new();
    for (place, auth) in auths(config) {
        named.extend(auth.secret.as_ref().map(|secret| (format!("{place}] secret"), secret)));
        named.extend(auth.oauth.as_ref().map(|oauth| (format!("{place}.oauth] secret"), &oauth.secret)));
    }
    let webhooks = config.webhooks.iter().flat_map(|webhooks| &webhooks.secrets);
    named.extend(webhooks.map(|secret| ("[webhooks] secrets".to_owned(), secret)));
    named
}

/// Scopes travel to an issuer as one line with spaces between them.
fn scopes(config: &Config) -> impl Iterator<Item = String> {
    auths(config).filter_map(|(place, auth)| {
        let odd = auth.oauth.as_ref()?.scopes.iter().find(|scope| {
            scope.is_empty() || scope.chars().any(|c| !c.is_ascii_graphic() || matches!(c, '"' | '\\'))
        })?;
        Some(format!("{place}.oauth] scopes: {odd:?} is no scope; expected one word in each pair of quotes"))
    })
}
