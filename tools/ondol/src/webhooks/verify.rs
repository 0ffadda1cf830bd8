//! `ondol webhooks verify`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use arguments::duration;
use clap::Args;
use webhooks::{Signed, SigningKey};

use crate::output::say;

/// More than any webhook.
const LARGEST: u64 = 1 << 20;

/// What came, and the secret.
#[derive(Args)]
#[command(
    after_help = "Ends with 0 where the body was signed with the secret and with 1 where it was not.\n\
    Example: ondol webhooks verify --secret-file secret.txt --headers headers.txt body.json"
)]
pub(crate) struct Arguments {
    /// The body exactly as it came, or `-` for standard input
    #[arg(default_value = "-")]
    body: PathBuf,
    /// A file with the headers that came with it, a line each: `webhook-id: …`
    #[arg(long, value_name = "FILE")]
    headers: PathBuf,
    /// The secret, `whsec_…`
    #[arg(
        long,
        env = "ONDOL_WEBHOOK_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        required_unless_present = "secret_file"
    )]
    secret: Option<String>,
    /// A file with the secret
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,
    /// How long ago it may have been signed
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    tolerance: Duration,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let secret = match (&arguments.secret, &arguments.secret_file) {
        (_, Some(file)) => text(file)?,
        (secret, None) => secret.clone().unwrap_or_default(),
    };
    let headers = headers(&text(&arguments.headers)?);
    let signed = Signed::read(|name| headers.get(name).cloned())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    signed.verify(&SigningKey::parse(&secret)?, &bytes(&arguments.body)?, now, arguments.tolerance)?;
    say!("{}  verified", signed.id);
    Ok(())
}

/// Headers by their names in small letters, of lines such as curl prints; other lines are passed over.
fn headers(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path)?).with_context(|| format!("{} is no text", path.display()))
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(LARGEST).read_to_end(&mut bytes)?;
    } else {
        let reading = || format!("reading {}", path.display());
        File::open(path)
            .with_context(reading)?
            .take(LARGEST)
            .read_to_end(&mut bytes)
            .with_context(reading)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::headers;

    #[test]
    fn headers_are_found_in_whatever_came() {
        let found = headers("HTTP/1.1 200 OK\r\nWebhook-Id: 0a\r\nwebhook-signature: v1,a:b\r\n\r\n");
        assert_eq!(found["webhook-id"], "0a");
        assert_eq!(found["webhook-signature"], "v1,a:b");
    }
}
