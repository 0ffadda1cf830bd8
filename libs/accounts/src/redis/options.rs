//! Where Redis is, and the command line arguments that say so.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use arguments::{SettingsFile, positive_duration, redis_advice};
use deadpool_redis::redis::{ClientTlsConfig, ConnectionInfo, IntoConnectionInfo, TlsCertificates};

use crate::AccountsError;

const URL: &str = "--accounts-redis-url";

/// How the servers at the addresses stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Topology {
    /// One server, or one address behind which somebody else keeps one.
    Standalone,
    /// The addresses are sentinels, which know the server.
    Sentinel,
    /// The addresses are some members of a cluster.
    Cluster,
}

/// Where keys and counters are and how they are reached. Neither addresses nor the password are shown by `Debug`.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://` (TLS) or `unix://` addresses, with user and database where there are any.
    pub urls: Vec<String>,
    /// How the servers stand to each other.
    pub topology: Topology,
    /// The name under which sentinels know the server.
    pub service: String,
    /// The password, if the addresses have none.
    pub password: Option<String>,
    /// A file with the authority that signed the server's certificate, in PEM; the system's without one.
    pub authority: Option<PathBuf>,
    /// Files with our own certificate and its key, in PEM, where the server asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// How long a call may take, a new connection included. Callers wait for it, so it is short.
    pub timeout: Duration,
    /// What all names in Redis begin with: those with the same one share keys and counters.
    pub namespace: String,
}

impl RedisOptions {
    /// The options of one server, with the defaults of the command line.
    pub fn new(url: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            topology: Topology::Standalone,
            service: "mymaster".to_owned(),
            password: None,
            authority: None,
            identity: None,
            timeout: Duration::from_secs(1),
            namespace: namespace.into(),
        }
    }

    pub(super) fn check(&self) -> Result<(), AccountsError> {
        if self.urls.is_empty() {
            return Err(AccountsError::setting(URL, "expected an address"));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !(1..=64).contains(&self.namespace.len()) || !self.namespace.chars().all(allowed) {
            let rule = "expected 1 to 64 letters, digits, `.`, `_` or `-`";
            return Err(AccountsError::setting("--accounts-namespace", rule));
        }
        self.servers().map(drop)
    }

    /// The addresses, understood, with the password in each.
    pub(super) fn servers(&self) -> Result<Vec<ConnectionInfo>, AccountsError> {
        let parse = |url: &String| {
            // The address may hold a password, so the error does not repeat it.
            let server = url
                .as_str()
                .into_connection_info()
                .map_err(|_wrong| AccountsError::setting(URL, redis_advice(url)))?;
            let settings = server.redis_settings().clone();
            Ok(match &self.password {
                Some(password) if settings.password().is_none() => {
                    server.set_redis_settings(settings.set_password(password))
                }
                _ => server,
            })
        };
        self.urls.iter().map(parse).collect()
    }

    /// The certificates, read.
    pub(super) fn certificates(&self) -> Result<Option<TlsCertificates>, AccountsError> {
        if self.authority.is_none() && self.identity.is_none() {
            return Ok(None);
        }
        if !self.urls.iter().all(|url| url.starts_with("rediss://")) {
            return Err(AccountsError::setting(URL, "certificates are for rediss:// addresses"));
        }
        let root_cert = self.authority.as_ref().map(|path| pem("--accounts-redis-ca-file", path));
        let client_tls = self.identity.as_ref().map(|(certificate, key)| {
            Ok::<_, AccountsError>(ClientTlsConfig {
                client_cert: pem("--accounts-redis-certificate-file", certificate)?,
                client_key: pem("--accounts-redis-key-file", key)?,
            })
        });
        Ok(Some(TlsCertificates { client_tls: client_tls.transpose()?, root_cert: root_cert.transpose()? }))
    }
}

fn pem(flag: &'static str, path: &Path) -> Result<Vec<u8>, AccountsError> {
    let kind = if flag.ends_with("key-file") { "PRIVATE KEY-----" } else { "CERTIFICATE-----" };
    Ok(SettingsFile::new(flag, path).pem(kind)?)
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("addresses", &self.urls.len())
            .field("topology", &self.topology)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// The command line arguments that say where keys and counters are. Addresses and password are not shown by `Debug`.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Keys and limits in Redis")]
// Jobs have arguments of this name too, and a command line may have both.
#[group(id = "accounts_redis")]
pub struct RedisArguments {
    /// Addresses of Redis 7 or newer, or Valkey, for API keys and limits: `redis://host:port/database`, `rediss://` for
    /// TLS, `unix:///path` [default: none, and both are in this process]
    #[arg(
        long,
        env = "ONDOL_ACCOUNTS_REDIS_URL",
        value_name = "URL",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub accounts_redis_url: Vec<String>,

    /// How the servers at the addresses stand to each other
    #[arg(long, env = "ONDOL_ACCOUNTS_REDIS_TOPOLOGY", default_value = "standalone", value_enum)]
    pub accounts_redis_topology: Topology,

    /// The name under which sentinels know the server
    #[arg(long, env = "ONDOL_ACCOUNTS_REDIS_SERVICE", default_value = "mymaster", value_name = "NAME")]
    pub accounts_redis_service: String,

    /// The password, where the addresses have none
    #[arg(long, env = "ONDOL_ACCOUNTS_REDIS_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub accounts_redis_password: Option<String>,

    /// The authority that signed the server's certificate, in PEM; the system's without one
    #[arg(long, env = "ONDOL_ACCOUNTS_REDIS_CA_FILE", value_name = "FILE")]
    pub accounts_redis_ca_file: Option<PathBuf>,

    /// Our own certificate, in PEM, where the server asks for one
    #[arg(
        long,
        env = "ONDOL_ACCOUNTS_REDIS_CERTIFICATE_FILE",
        value_name = "FILE",
        requires = "accounts_redis_key_file"
    )]
    pub accounts_redis_certificate_file: Option<PathBuf>,

    /// The key of our certificate, in PEM
    #[arg(
        long,
        env = "ONDOL_ACCOUNTS_REDIS_KEY_FILE",
        value_name = "FILE",
        requires = "accounts_redis_certificate_file"
    )]
    pub accounts_redis_key_file: Option<PathBuf>,

    /// How long a call to Redis may take, a new connection included
    #[arg(long, env = "ONDOL_ACCOUNTS_REDIS_TIMEOUT", default_value = "1s", value_parser = positive_duration)]
    pub accounts_redis_timeout: Duration,

    /// What all names in Redis begin with: services with the same one share keys and limits
    #[arg(long, env = "ONDOL_ACCOUNTS_NAMESPACE", default_value = "accounts", value_name = "NAME")]
    pub accounts_namespace: String,
}

impl fmt::Debug for RedisArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisArguments")
            .field("addresses", &self.accounts_redis_url.len())
            .field("topology", &self.accounts_redis_topology)
            .field("namespace", &self.accounts_namespace)
            .finish_non_exhaustive()
    }
}

impl RedisArguments {
    /// The options that were asked for; `None` where no address is.
    pub fn options(self) -> Option<RedisOptions> {
        if self.accounts_redis_url.is_empty() {
            return None;
        }
        Some(RedisOptions {
            urls: self.accounts_redis_url,
            topology: self.accounts_redis_topology,
            service: self.accounts_redis_service,
            password: self.accounts_redis_password,
            authority: self.accounts_redis_ca_file,
            identity: self.accounts_redis_certificate_file.zip(self.accounts_redis_key_file),
            timeout: self.accounts_redis_timeout,
            namespace: self.accounts_namespace,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{RedisArguments, RedisOptions};

    fn wrong(options: &RedisOptions) -> String {
        let error = options.check().and_then(|()| options.certificates().map(drop)).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        error
    }

    #[test]
    fn each_wrong_setting_names_its_flag_and_no_secret() {
        let right = || RedisOptions::new("redis://:secret@127.0.0.1/0", "accounts");
        right().check().unwrap();
        let none = RedisOptions { urls: Vec::new(), ..right() };
        assert!(wrong(&none).starts_with("--accounts-redis-url: "));
        let odd = RedisOptions { urls: vec!["http://:secret@host".to_owned()], ..right() };
        assert!(wrong(&odd).starts_with("--accounts-redis-url: "));
        let far = RedisOptions { urls: vec!["redis://:secret@127.0.0.1:99999".to_owned()], ..right() };
        assert!(wrong(&far).contains("where the port should is none from 1 to 65535"), "{}", wrong(&far));
        for namespace in ["", "a{b}", &"n".repeat(65)] {
            let odd = RedisOptions { namespace: namespace.to_owned(), ..right() };
            assert!(wrong(&odd).starts_with("--accounts-namespace: "));
        }
        let plain = RedisOptions { authority: Some("/none/such.pem".into()), ..right() };
        assert!(wrong(&plain).contains("rediss://"));
        let lost = RedisOptions { urls: vec!["rediss://host".to_owned()], ..plain };
        assert!(wrong(&lost).starts_with("--accounts-redis-ca-file /none/such.pem: cannot be read"));
    }

    #[test]
    fn without_an_address_there_is_no_redis() {
        #[derive(Parser)]
        struct Command {
            #[command(flatten)]
            redis: RedisArguments,
        }
        let parse = |arguments: &[&str]| {
            let all = [&["program"], arguments].concat();
            Command::try_parse_from(all).unwrap().redis.options()
        };
        assert!(parse(&[]).is_none());
        let options = parse(&["--accounts-redis-url", "redis://a,redis://b"]).unwrap();
        assert_eq!(options.urls.len(), 2);
        assert!(!format!("{options:?}").contains("redis://"));
    }
}
