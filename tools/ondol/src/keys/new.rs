//! `ondol keys new`.

use accounts::{Grants, Limits, Measure};
use clap::Args;
use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{allowed::Allowed, bounds::kept, digest, new_secret};
use crate::output::{say, tell};

/// Whose key, and what it shall allow.
#[derive(Args)]
#[command(
    after_help = "The table alone goes to standard output, the secret to standard error: ondol keys new team-a >> keys.toml"
)]
pub(crate) struct Arguments {
    /// Whose key it is, in 1 to 63 letters, digits, `.`, `_` or `-`; calls carry this name through logs
    name: String,
    #[command(flatten)]
    allowed: Allowed,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { name, allowed } = arguments;
    accounts::check_key_name(name)?;
    let grants = allowed.grants_of_file()?;
    let limits = allowed.limits()?.as_ref().map(kept).unwrap_or_default();
    let secret = new_secret()?;
    say!("{}", entry((name, &digest(&secret)), &grants, allowed.expires, limits).trim_end());
    // Apart from the table, which is kept in a file that the secret must not be in.
    tell!(
        "The secret is kept nowhere and shown only now. Whoever calls sends `authorization: Bearer SECRET`:"
    );
    tell!("{secret}");
    Ok(())
}

/// The key as key files have it.
fn entry(
    (name, digest): (&str, &str),
    grants: &Grants,
    expires: Option<Timestamp>,
    limits: Limits,
) -> String {
    let mut key = Table::new();
    key["name"] = value(name);
    key["sha256"] = value(digest);
    if !grants.scopes.is_empty() {
        key["scopes"] = value(grants.scopes.iter().map(String::as_str).collect::<Array>());
    }
    for (field, words) in [("models", &grants.models), ("tools", &grants.tools), ("jobs", &grants.jobs)] {
        if let Some(words) = words {
            key[field] = value(words.iter().map(String::as_str).collect::<Array>());
        }
    }
    if let Some(expires) = expires {
        key["expires"] = value(expires.to_string());
    }
    let mut bounds = Table::new();
    bounds.set_dotted(true);
    for measure in Measure::ALL {
        if let Some(most) = limits.of(measure).and_then(|most| i64::try_from(most).ok()) {
            bounds[measure.field()] = value(most);
        }
    }
    if !bounds.is_empty() {
        key["limits"] = Item::Table(bounds);
    }
    let mut keys = ArrayOfTables::new();
    keys.push(key);
    let mut file = DocumentMut::new();
    file["keys"] = Item::ArrayOfTables(keys);
    file.to_string()
}

#[cfg(test)]
mod tests {
    use accounts::{Grants, KeyArguments, Keyring, Keys, Limits};
    use http::{HeaderMap, header::AUTHORIZATION};

    use super::entry;
    use crate::keys::{digest, new_secret};

    #[tokio::test]
    async fn a_key_file_holds_what_was_asked_for() {
        let secret = new_secret().unwrap();
        let grants = Grants::from_line("scopes=admin,shopping;models=qwen*,llama;tools=;jobs=batch");
        let expires = Some("2999-01-31T00:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let limits = Limits { concurrency: Some(4), tokens_per_day: Some(100_000), ..Limits::default() };
        let entry = entry(("team-a", &digest(&secret)), &grants, expires, limits);
        assert!(entry.contains("\nlimits.tokens_per_day = 100000\n"), "as docs/limits.md has it: {entry}");
        std::fs::write(&path, entry).unwrap();

        let arguments = KeyArguments { api_keys_file: Some(path), ..KeyArguments::default() };
        let keys = Keys::load(&arguments).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
        let account = Keyring::of_file(keys).authenticate(&headers).await.unwrap();
        assert_eq!((account.name.as_str(), &account.grants), ("team-a", &grants));
        assert_eq!(account.limits, limits);
    }

    #[test]
    fn what_was_not_asked_for_is_not_there() {
        let text = entry(("a", "ab"), &Grants::default(), None, Limits::default());
        assert_eq!(text, "[[keys]]\nname = \"a\"\nsha256 = \"ab\"\n");
    }
}
