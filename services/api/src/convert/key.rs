//! API keys.

use accounts::{AccountsError, Grants, Key, Limits, NewKey, check_key_name};
use contract::Invalid;
use fault::Violation;
use jiff::Timestamp;
use proto::admin::v1 as wire;

use super::findings::Findings;

/// Takes the id out of `apiKeys/{api_key}`.
pub(crate) fn key_name(name: &str) -> Result<&str, Invalid> {
    let id = name.strip_prefix("apiKeys/").filter(|id| !id.is_empty() && !id.contains('/'));
    id.ok_or_else(|| Invalid::field("name", "must be `apiKeys/{api_key}`, as CreateApiKey names it"))
}

/// Whoever is asked for by a name that no owner can have would be told that there are no keys.
pub(crate) fn check_owner(field: &str, owner: &str) -> Result<(), Invalid> {
    check_key_name(owner).map_err(|wrong| Invalid::field(field, wrong.to_string()))
}

/// What a key shall be. Every wrong field is named at once, those included that would be found where it is kept.
pub(crate) fn new_key(key: wire::ApiKey, now: Timestamp) -> Result<NewKey, Invalid> {
    let wire::ApiKey { owner, note, grants, limits, expire_time, .. } = key;
    let mut found = Findings::default();
    let expires = found.take(expire_time.map(time_of).transpose());
    let (grants, limits) = (grants_of(grants), limits_of(limits.unwrap_or_default()));
    let new = NewKey { owner, note, grants, limits, expires };
    let mut wrong = new.violations(now);
    // A word that no list takes is no kind either, which need not be said as well.
    if !wrong.iter().any(|wrong| wrong.field.starts_with("grants.jobs")) {
        wrong.extend(jobview::unknown_kinds("grants.jobs", new.grants.jobs.as_deref().unwrap_or_default()));
    }
    found.take(Invalid::none_or(named(wrong)));
    found.end()?;
    Ok(new)
}

/// An error of the store in the words of the request.
pub(crate) fn in_request(error: AccountsError) -> AccountsError {
    match error {
        AccountsError::InvalidRequest { violations } => {
            AccountsError::InvalidRequest { violations: named(violations) }
        }
        other => other,
    }
}

/// The same, of fields as the contract calls them.
fn named(violations: Vec<Violation>) -> Vec<Violation> {
    violations.into_iter().map(|it| Violation::new(field(&it.field), it.description)).collect()
}

/// A field of what is kept, as the contract calls it.
fn field(kept: &str) -> String {
    let listed = ["models", "tools", "jobs"].iter().find_map(|list| {
        let index = kept.strip_prefix("grants.")?.strip_prefix(list)?;
        Some(format!("grants.{list}.values{index}"))
    });
    let named = if kept == "expires" { "expire_time".to_owned() } else { kept.to_owned() };
    format!("api_key.{}", listed.unwrap_or(named))
}

fn time_of(time: prost_types::Timestamp) -> Result<Timestamp, Invalid> {
    let last = Timestamp::MAX;
    let wrong =
        |_| Invalid::field("api_key.expire_time", format!("must be a time in the future, until {last}"));
    Timestamp::new(time.seconds, time.nanos).map_err(wrong)
}

fn grants_of(grants: Option<wire::ApiKeyGrants>) -> Grants {
    let wire::ApiKeyGrants { scopes, models, tools, jobs } = grants.unwrap_or_default();
    let list = |list: Option<wire::AllowList>| list.map(|list| list.values);
    Grants {
        scopes: scopes.into_iter().collect(),
        models: list(models),
        tools: list(tools),
        jobs: list(jobs),
    }
}

/// A key as callers see it at `now`.
pub(crate) fn key(key: Key, now: Timestamp) -> wire::ApiKey {
    let state = match (key.revoked, key.expires) {
        (Some(_), _) => wire::ApiKeyState::Revoked,
        (None, Some(expires)) if expires <= now => wire::ApiKeyState::Expired,
        _ => wire::ApiKeyState::Active,
    };
    let list = |list: Option<Vec<String>>| list.map(|values| wire::AllowList { values });
    let Grants { scopes, models, tools, jobs } = key.grants;
    let scopes = scopes.into_iter().collect();
    let grants = wire::ApiKeyGrants { scopes, models: list(models), tools: list(tools), jobs: list(jobs) };
    wire::ApiKey {
        name: format!("apiKeys/{}", key.id),
        owner: key.owner,
        note: key.note,
        hint: key.hint,
        grants: Some(grants),
        limits: (!key.limits.is_empty()).then(|| limits(key.limits)),
        create_time: Some(time(key.created)),
        expire_time: key.expires.map(time),
        revoke_time: key.revoked.map(time),
        state: state.into(),
    }
}

fn limits_of(limits: wire::ApiKeyLimits) -> Limits {
    Limits {
        requests_per_minute: limits.requests_per_minute,
        tokens_per_minute: limits.tokens_per_minute,
        requests_per_day: limits.requests_per_day,
        tokens_per_day: limits.tokens_per_day,
        requests_per_month: limits.requests_per_month,
        tokens_per_month: limits.tokens_per_month,
        concurrency: limits.concurrency,
    }
}

fn limits(limits: Limits) -> wire::ApiKeyLimits {
    wire::ApiKeyLimits {
        requests_per_minute: limits.requests_per_minute,
        tokens_per_minute: limits.tokens_per_minute,
        requests_per_day: limits.requests_per_day,
        tokens_per_day: limits.tokens_per_day,
        requests_per_month: limits.requests_per_month,
        tokens_per_month: limits.tokens_per_month,
        concurrency: limits.concurrency,
    }
}

fn time(time: Timestamp) -> prost_types::Timestamp {
    let nanos = time.subsec_nanosecond();
    // Before 1970 jiff counts them down, and protobuf up.
    let (seconds, nanos) =
        if nanos < 0 { (time.as_second() - 1, nanos + 1_000_000_000) } else { (time.as_second(), nanos) };
    prost_types::Timestamp { seconds, nanos }
}
