//! `ondol keys`: secrets that open the api, and the hashes that api is given instead.

use anyhow::Context;
use clap::Subcommand;
use sha2::{Digest, Sha256};

use crate::{development_key, folders::DevelopmentKeyFile, output::say};

/// What secret scanners find keys by.
const PREFIX: &str = "ondol_";
const SECRET_BYTES: usize = 32;

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print this machine's development key as api's --api-key takes it, and make it first where there is none
    Development {
        #[command(flatten)]
        file: DevelopmentKeyFile,
    },
    /// Make a key: its secret is shown once, its hash goes into api's key file
    New {
        /// Whose key it is, in 1 to 63 letters, digits, `.`, `_` or `-`; calls carry this name through logs
        name: String,
    },
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Development { file } => {
            let secret = development_key::read_or_make(&file.path)?;
            say!("{}:{}", development_key::NAME, digest(&secret));
        }
        Command::New { name } => {
            accounts::check_key_name(name)?;
            let secret = new_secret()?;
            say!("# Give this to the caller; it is shown only now:\n#   {secret}\n");
            say!("[[keys]]\nname = {name:?}\nsha256 = \"{}\"", digest(&secret));
        }
    }
    Ok(())
}

/// A new secret: 256 random bits from the system, behind the prefix.
pub(crate) fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, &mut bytes)
        .context("the system gives no random bytes")?;
    Ok(format!("{PREFIX}{}", hex::encode(bytes)))
}

/// Whether the text looks like a secret of [`new_secret`].
pub(crate) fn is_secret(text: &str) -> bool {
    let digits = text.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == 2 * SECRET_BYTES && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The hash of a secret, as key files hold it.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_eq!(one.len(), "ondol_".len() + 64);
        assert_ne!(one, other);
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
