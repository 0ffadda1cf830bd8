//! `ondol keys`: secrets that open the api, the hashes that api is given instead, and the keys that it keeps itself.

mod allowed;
mod bounds;
mod create;
mod expiry;
mod list;
mod new;
mod revoke;
mod row;

use accounts::Secret;
use clap::Subcommand;
use sha2::{Digest, Sha256};

use crate::{development_key, folders::DevelopmentKeyFile, output::say};

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a key that is good at once, while api runs; needs a key with the scope `admin`, as `ondol up` makes one
    Create(create::Arguments),
    /// List the keys that were created, oldest first
    List(list::Arguments),
    /// End keys that were created
    Revoke(revoke::Arguments),
    /// Make a key for api's key file: its secret is shown once, its hash goes into the file
    New(new::Arguments),
    /// Print this machine's development key as api's --api-key takes it, and make it first where there is none
    Development {
        #[command(flatten)]
        file: DevelopmentKeyFile,
    },
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Create(arguments) => create::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Revoke(arguments) => revoke::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Development { file } => {
            let secret = development_key::read_or_make(&file.path)?;
            say!("{}:{}", development_key::NAME, digest(&secret));
            Ok(())
        }
    }
}

/// A new secret.
pub(crate) fn new_secret() -> anyhow::Result<String> {
    Ok(Secret::new()?.as_str().to_owned())
}

/// Whether the text looks like a secret of [`new_secret`].
pub(crate) fn is_secret(text: &str) -> bool {
    Secret::is_one(text.as_bytes())
}

/// The hash of a secret, as key files hold it.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_key_files_hold() {
        assert!(is_secret(&new_secret().unwrap()));
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
