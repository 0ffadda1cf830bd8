//! Where Redis is, and the command line arguments that say so.

use std::{fmt, path::PathBuf, time::Duration};

use arguments::{SettingsFile, positive, positive_duration, redis_advice};
use deadpool_redis::redis::{ClientTlsConfig, ConnectionInfo, IntoConnectionInfo, TlsCertificates};

use crate::{JobsError, Name};

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

/// Where a queue is and how it is reached. Its password is not shown by `Debug`.
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
    /// Connections at most; each call has one to itself.
    pub connections: usize,
    /// How long a connection or an answer may take.
    pub timeout: Duration,
    /// How old a connection may grow, so that moved addresses are noticed.
    pub connection_age: Duration,
    /// The queue's name.
    pub queue: Name,
    /// Shards of the queue, from 1 to 256. More may be added while it is in use, never fewer.
    pub shards: u16,
}

impl RedisOptions {
    /// The options of one server, with the defaults of the command line.
    pub fn new(url: impl Into<String>, queue: Name) -> Self {
        Self {
            urls: vec![url.into()],
            topology: Topology::Standalone,
            service: "mymaster".to_owned(),
            password: None,
            authority: None,
            identity: None,
            connections: 8,
            timeout: Duration::from_secs(5),
            connection_age: Duration::from_mins(10),
            queue,
            shards: 1,
        }
    }

    pub(super) fn check(&self) -> Result<(), JobsError> {
        let wrong =
            |flag, problem: &str| Err(JobsError::InvalidSetting { flag, problem: problem.to_owned() });
        if self.urls.is_empty() {
            return wrong("--redis-url", "expected an address");
        }
        if self.connections == 0 {
            return wrong("--redis-connections", "expected 1 or more");
        }
        if !(1..=256).contains(&self.shards) {
            return wrong("--queue-shards", "expected 1 to 256");
        }
        self.servers().map(drop)
    }

    /// The addresses, understood, with the password in each.
    pub(super) fn servers(&self) -> Result<Vec<ConnectionInfo>, JobsError> {
        let parse = |url: &String| {
            // The address may hold a password, so the error does not repeat it.
            let server = url.as_str().into_connection_info().map_err(|_wrong| JobsError::InvalidSetting {
                flag: "--redis-url",
                problem: redis_advice(url),
            })?;
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
    pub(super) fn certificates(&self) -> Result<Option<TlsCertificates>, JobsError> {
        let read = |flag: &'static str, path: &PathBuf| {
            let kind = if flag == "--redis-key-file" { "PRIVATE KEY-----" } else { "CERTIFICATE-----" };
            SettingsFile::new(flag, path).pem(kind)
        };
        if self.authority.is_none() && self.identity.is_none() {
            return Ok(None);
        }
        if let Some(plain) = self.urls.iter().position(|url| !url.starts_with("rediss://")) {
            return Err(JobsError::InvalidSetting {
                flag: "--redis-url",
                problem: format!("certificates are for rediss://, which address {} is not", plain + 1),
            });
        }
        let root_cert = self.authority.as_ref().map(|path| read("--redis-ca-file", path)).transpose()?;
        let client_tls = match &self.identity {
            Some((certificate, key)) => Some(ClientTlsConfig {
                client_cert: read("--redis-certificate-file", certificate)?,
                client_key: read("--redis-key-file", key)?,
            }),
            None => None,
        };
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }
}

/// Addresses may hold a password, so neither is shown.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("addresses", &self.urls.len())
            .field("topology", &self.topology)
            .field("queue", &self.queue)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

/// The command line arguments that say where the queue is. Addresses and password are not shown by `Debug`.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Queue")]
pub struct RedisArguments {
    /// Addresses of Redis 7 or newer, or Valkey: `redis://host:port/database`, `rediss://` for
    /// TLS, `unix:///path`
    #[arg(
        long,
        env = "ONDOL_REDIS_URL",
        default_value = "redis://127.0.0.1:6379",
        value_name = "URL",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub redis_url: Vec<String>,

    /// How the servers at the addresses stand to each other
    #[arg(long, env = "ONDOL_REDIS_TOPOLOGY", default_value = "standalone", value_enum)]
    pub redis_topology: Topology,

    /// The name under which sentinels know the server
    #[arg(long, env = "ONDOL_REDIS_SERVICE", default_value = "mymaster", value_name = "NAME")]
    pub redis_service: String,

    /// The password, where the addresses have none
    #[arg(long, env = "ONDOL_REDIS_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub redis_password: Option<String>,

    /// The authority that signed the server's certificate, in PEM; the system's without one
    #[arg(long, env = "ONDOL_REDIS_CA_FILE", value_name = "FILE")]
    pub redis_ca_file: Option<PathBuf>,

    /// Our own certificate, in PEM, where the server asks for one
    #[arg(long, env = "ONDOL_REDIS_CERTIFICATE_FILE", value_name = "FILE", requires = "redis_key_file")]
    pub redis_certificate_file: Option<PathBuf>,

    /// The key of our certificate, in PEM
    #[arg(long, env = "ONDOL_REDIS_KEY_FILE", value_name = "FILE", requires = "redis_certificate_file")]
    pub redis_key_file: Option<PathBuf>,

    /// Connections at most
    #[arg(long, env = "ONDOL_REDIS_CONNECTIONS", default_value_t = 8, value_name = "N",
          value_parser = positive::<usize>)]
    pub redis_connections: usize,

    /// How long a connection or an answer may take, such as `5s`
    #[arg(long, env = "ONDOL_REDIS_TIMEOUT", default_value = "5s", value_parser = positive_duration)]
    pub redis_timeout: Duration,

    /// How old a connection may grow, so that moved addresses are noticed
    #[arg(long, env = "ONDOL_REDIS_CONNECTION_AGE", default_value = "10m", value_parser = positive_duration)]
    pub redis_connection_age: Duration,

    /// The queue's name
    #[arg(long, env = "ONDOL_QUEUE", default_value = "jobs", value_name = "NAME")]
    pub queue: String,

    /// Shards of the queue; more may be added while it is in use, never fewer
    #[arg(long, env = "ONDOL_QUEUE_SHARDS", default_value_t = 1, value_name = "N",
          value_parser = positive::<u16>)]
    pub queue_shards: u16,
}

impl fmt::Debug for RedisArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisArguments")
            .field("addresses", &self.redis_url.len())
            .field("topology", &self.redis_topology)
            .field("queue", &self.queue)
            .field("shards", &self.queue_shards)
            .finish_non_exhaustive()
    }
}

impl RedisArguments {
    /// The options that were asked for.
    pub fn options(self) -> Result<RedisOptions, JobsError> {
        let queue = Name::new("queue", &self.queue)
            .map_err(|wrong| JobsError::InvalidSetting { flag: "--queue", problem: wrong.to_string() })?;
        Ok(RedisOptions {
            urls: self.redis_url,
            topology: self.redis_topology,
            service: self.redis_service,
            password: self.redis_password,
            authority: self.redis_ca_file,
            identity: self.redis_certificate_file.zip(self.redis_key_file),
            connections: self.redis_connections,
            timeout: self.redis_timeout,
            connection_age: self.redis_connection_age,
            queue,
            shards: self.queue_shards,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::RedisOptions;
    use crate::{JobsError, Name};

    fn options() -> RedisOptions {
        RedisOptions::new("redis://:secret@127.0.0.1/0", Name::new("queue", "q").unwrap())
    }

    fn flag(options: &RedisOptions) -> &'static str {
        match options.check() {
            Err(JobsError::InvalidSetting { flag, .. }) => flag,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_wrong_setting_names_its_flag_and_no_secret() {
        options().check().unwrap();
        assert_eq!(flag(&RedisOptions { urls: Vec::new(), ..options() }), "--redis-url");
        assert_eq!(flag(&RedisOptions { connections: 0, ..options() }), "--redis-connections");
        assert_eq!(flag(&RedisOptions { shards: 257, ..options() }), "--queue-shards");
        let wrong = RedisOptions { urls: vec!["http://:secret@host".to_owned()], ..options() };
        assert!(!wrong.check().unwrap_err().to_string().contains("secret"));

        let far = RedisOptions { urls: vec!["redis://:secret@127.0.0.1:99999".to_owned()], ..options() };
        let told = far.check().unwrap_err().to_string();
        assert!(told.contains("from 1 to 65535") && !told.contains("secret"), "{told}");

        let missing = PathBuf::from("/none/such.pem");
        let plain = RedisOptions { authority: Some(missing.clone()), ..options() };
        assert!(
            plain.certificates().unwrap_err().to_string().starts_with("--redis-url: certificates are for")
        );
        let urls = vec!["rediss://host".to_owned()];
        let lost = RedisOptions { authority: Some(missing), urls: urls.clone(), ..options() };
        assert!(
            lost.certificates()
                .unwrap_err()
                .to_string()
                .starts_with("--redis-ca-file /none/such.pem: cannot")
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----").unwrap();
        let swapped = RedisOptions { identity: Some((file.clone(), file)), urls, ..options() };
        assert!(swapped.certificates().unwrap_err().to_string().starts_with("--redis-key-file "));
    }

    #[test]
    fn a_password_of_its_own_stands_in_where_the_address_has_none() {
        let both = RedisOptions {
            urls: vec!["redis://:inside@a".to_owned(), "redis://b".to_owned()],
            password: Some("outside".to_owned()),
            ..options()
        };
        let servers = both.servers().unwrap();
        let passwords: Vec<_> =
            servers.iter().map(|server| server.redis_settings().password().unwrap()).collect();
        assert_eq!(passwords, ["inside", "outside"]);
    }
}
