//! A key on one line.

use prost_types::Timestamp;
use proto::admin::v1::{AllowList, ApiKey, ApiKeyState};

use super::bounds::words;

/// The columns of a list.
pub(super) const HEAD: [&str; 11] =
    ["id", "owner", "state", "scopes", "models", "tools", "jobs", "limits", "expires", "revoked", "note"];

/// What stands in them.
pub(super) fn cells(key: &ApiKey) -> [String; 11] {
    let grants = key.grants.clone().unwrap_or_default();
    [
        id(key).to_owned(),
        key.owner.clone(),
        state(key.state()).to_owned(),
        if grants.scopes.is_empty() { "-".to_owned() } else { grants.scopes.join(",") },
        allowed(grants.models.as_ref()),
        allowed(grants.tools.as_ref()),
        allowed(grants.jobs.as_ref()),
        key.limits.as_ref().map_or_else(|| "-".to_owned(), words),
        time(key.expire_time.as_ref()),
        time(key.revoke_time.as_ref()),
        // Notes are other people's text, and a list has one line for each key.
        federation::cleaned(&key.note).replace(['\n', '\t'], " "),
    ]
}

/// What a key is, in a sentence.
pub(super) fn sentence(key: &ApiKey) -> String {
    let [id, owner, _, scopes, models, tools, jobs, limits, expires, ..] = cells(key);
    let expires =
        if expires == "-" { "does not end by itself".to_owned() } else { format!("ends at {expires}") };
    format!(
        "{id} is a key of {owner}: scopes {scopes}, models {models}, tools {tools}, jobs {jobs}, limits {limits}; it {expires}."
    )
}

/// What stands behind `apiKeys/`.
pub(super) fn id(key: &ApiKey) -> &str {
    key.name.strip_prefix("apiKeys/").unwrap_or(&key.name)
}

/// A moment, to the second.
pub(super) fn time(time: Option<&Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| Timestamp { nanos: 0, ..*time }.to_string())
}

fn state(state: ApiKeyState) -> &'static str {
    match state {
        ApiKeyState::Unspecified => "-",
        ApiKeyState::Active => "active",
        ApiKeyState::Expired => "expired",
        ApiKeyState::Revoked => "revoked",
    }
}

fn allowed(list: Option<&AllowList>) -> String {
    match list {
        None => "all".to_owned(),
        Some(list) if list.values.is_empty() => "none".to_owned(),
        Some(list) => list.values.join(","),
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use proto::admin::v1::{AllowList, ApiKey, ApiKeyGrants, ApiKeyState};

    use super::{cells, sentence};

    #[test]
    fn a_row_tells_all_from_none() {
        let key = ApiKey {
            name: "apiKeys/0a".into(),
            owner: "team-a".into(),
            note: "for\nthe \u{1b}[31mbatch \u{202e}dne".into(),
            state: ApiKeyState::Revoked.into(),
            grants: Some(ApiKeyGrants {
                models: Some(AllowList { values: vec!["qwen*".into(), "llama".into()] }),
                tools: Some(AllowList::default()),
                ..ApiKeyGrants::default()
            }),
            revoke_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 5_000_000 }),
            ..ApiKey::default()
        };
        let row = cells(&key).join(" ");
        assert_eq!(
            row,
            "0a team-a revoked - qwen*,llama none all - - 2023-11-14T22:13:20Z for the batch dne"
        );
        assert!(
            sentence(&key).ends_with("jobs all, limits -; it does not end by itself."),
            "{}",
            sentence(&key)
        );
        let ending = ApiKey { expire_time: Some(Timestamp::default()), ..key };
        assert!(sentence(&ending).ends_with("it ends at 1970-01-01T00:00:00Z."), "{}", sentence(&ending));
    }
}
