//! What can be set about an upstream, under a prefix of its own.

use std::{fmt, marker::PhantomData, path::PathBuf, time::Duration};

use arguments::{SettingsFile, duration, positive_duration};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use http::Uri;

use crate::{RpcError, tls::Identity};

/// Names an upstream on the command line, in logs and in metrics.
pub trait UpstreamName: Send + Sync + 'static {
    /// In kebab case: `llm-inference` makes `--llm-inference-url` and `ONDOL_LLM_INFERENCE_URL`.
    const NAME: &'static str;
    /// The URL unless one is given.
    const DEFAULT_URL: &'static str;
}

/// Where an upstream is and how it is called.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// The name for logs and metrics.
    pub name: &'static str,
    /// What the names of its flags begin with, for errors: its name, unless several upstreams share their flags. Empty
    /// where a command line knows one upstream alone.
    pub flags: &'static str,
    /// Scheme, host and port. Every address of the host is used; with `https`, `tls_ca` is needed.
    pub url: Uri,
    /// PEM file of the authority that signed the upstream's certificates.
    pub tls_ca: Option<PathBuf>,
    /// PEM file of the certificate to show to the upstream (mutual TLS).
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the key of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// The name in the upstream's certificate, where it is not the URL's host.
    pub tls_name: Option<String>,
    /// How long a call may take, whatever its caller allows.
    pub timeout: Duration,
    /// How often a call is tried in all. 1 is never again.
    pub attempts: u32,
    /// How often the name is resolved again, besides after every broken connection.
    pub resolve_every: Duration,
    /// How long one connection attempt, and a call without a connected pod, may wait.
    pub connect_timeout: Duration,
}

impl UpstreamSettings {
    /// The defaults, for an upstream at `url`.
    pub fn new(name: &'static str, url: Uri) -> Self {
        Self {
            name,
            flags: name,
            url,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            tls_name: None,
            timeout: Duration::from_hours(1),
            attempts: 3,
            resolve_every: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
        }
    }

    /// One of its flags.
    pub(super) fn flag(&self, suffix: &str) -> String {
        if self.flags.is_empty() { format!("--{suffix}") } else { format!("--{}-{suffix}", self.flags) }
    }

    pub(crate) fn tls_identity(&self) -> Result<Option<Identity<'_>>, RpcError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(Identity {
                certificate: SettingsFile::new(self.flag("tls-cert"), certificate),
                key: SettingsFile::new(self.flag("tls-key"), key),
            })),
            (None, None) => Ok(None),
            _ => Err(RpcError::Settings(format!(
                "{} and {} need each other: give both or neither",
                self.flag("tls-cert"),
                self.flag("tls-key")
            ))),
        }
    }
}

/// The arguments of the upstream `N`, to flatten beside those of other upstreams.
pub struct UpstreamArguments<N> {
    /// What they say.
    pub settings: UpstreamSettings,
    name: PhantomData<fn() -> N>,
}

/// For a program that knows its upstream without being told.
impl<N> From<UpstreamSettings> for UpstreamArguments<N> {
    fn from(settings: UpstreamSettings) -> Self {
        Self { settings, name: PhantomData }
    }
}

// Derived impls would ask the same of `N`.
impl<N> Clone for UpstreamArguments<N> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), name: PhantomData }
    }
}

impl<N> fmt::Debug for UpstreamArguments<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

/// One flag: its suffix, the name of its value, and its help.
type Flag = (&'static str, &'static str, &'static str);

const URL: Flag = (
    "url",
    "URL",
    "Where {} is: http://HOST:PORT, or https:// with --{}-tls-ca. All addresses of \
    the host are used, so name a headless Service",
);
const TLS_CA: Flag = ("tls-ca", "FILE", "PEM file of the authority that signed the certificates of {}");
const TLS_CERT: Flag = ("tls-cert", "FILE", "PEM file of the certificate to show to {} (mutual TLS)");
const TLS_KEY: Flag = ("tls-key", "FILE", "PEM file of the private key of the certificate shown to {}");
const TLS_NAME: Flag = ("tls-name", "NAME", "Name in the certificate of {}, where it is not the URL's host");
const TIMEOUT: Flag =
    ("timeout", "TIME", "How long a call to {} may take at most; a caller's earlier deadline is passed on");
const ATTEMPTS: Flag = (
    "attempts",
    "COUNT",
    "How often a call to {} is tried in all while it answers UNAVAILABLE and \
    nothing has come yet. A budget keeps retries below a fifth of all calls",
);
const RESOLVE: Flag = ("resolve-every", "TIME", "How often the addresses of {} are looked up again");
const CONNECT: Flag = (
    "connect-timeout",
    "TIME",
    "How long one attempt to connect to {} may take, and how long a call waits for one",
);

fn id<N: UpstreamName>((suffix, ..): Flag) -> String {
    format!("{}-{suffix}", N::NAME)
}

fn argument<N: UpstreamName>(flag: Flag) -> Arg {
    let id = id::<N>(flag);
    let variable = format!("ONDOL_{}", id.replace('-', "_").to_uppercase());
    let (_, value_name, help) = flag;
    Arg::new(id.clone())
        .long(id)
        .env(variable)
        .value_name(value_name)
        .help(help.replace("{}", N::NAME))
        .help_heading(format!("Upstream {}", N::NAME))
}

impl<N: UpstreamName> Args for UpstreamArguments<N> {
    fn augment_args(command: Command) -> Command {
        let file = |flag| argument::<N>(flag).value_parser(value_parser!(PathBuf));
        let positive = |flag| argument::<N>(flag).value_parser(positive_duration);
        command.args([
            argument::<N>(URL).value_parser(parse_url).default_value(N::DEFAULT_URL),
            file(TLS_CA),
            file(TLS_CERT).requires(id::<N>(TLS_KEY)),
            file(TLS_KEY).requires(id::<N>(TLS_CERT)),
            argument::<N>(TLS_NAME),
            positive(TIMEOUT).default_value("1h"),
            argument::<N>(ATTEMPTS).value_parser(value_parser!(u32).range(1..=10)).default_value("3"),
            argument::<N>(RESOLVE).value_parser(duration).default_value("15s"),
            positive(CONNECT).default_value("5s"),
        ])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: UpstreamName> FromArgMatches for UpstreamArguments<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        fn read<N: UpstreamName, T: Clone + Send + Sync + 'static>(
            matches: &ArgMatches,
            flag: Flag,
        ) -> Option<T> {
            matches.get_one::<T>(&id::<N>(flag)).cloned()
        }
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingRequiredArgument);
        let defaults = UpstreamSettings::new(N::NAME, read::<N, Uri>(matches, URL).ok_or_else(missing)?);
        let settings = UpstreamSettings {
            tls_ca: read::<N, _>(matches, TLS_CA),
            tls_cert: read::<N, _>(matches, TLS_CERT),
            tls_key: read::<N, _>(matches, TLS_KEY),
            tls_name: read::<N, _>(matches, TLS_NAME),
            timeout: read::<N, _>(matches, TIMEOUT).unwrap_or(defaults.timeout),
            attempts: read::<N, _>(matches, ATTEMPTS).unwrap_or(defaults.attempts),
            resolve_every: read::<N, _>(matches, RESOLVE).unwrap_or(defaults.resolve_every),
            connect_timeout: read::<N, _>(matches, CONNECT).unwrap_or(defaults.connect_timeout),
            ..defaults
        };
        Ok(Self { settings, name: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads a URL of scheme, host and port, and nothing else. For clap's `value_parser`.
pub fn parse_url(text: &str) -> Result<Uri, String> {
    let plain = |url: &Uri| {
        let web = matches!(url.scheme_str(), Some("http" | "https")) && url.port_u16().is_some();
        web && matches!(url.path(), "" | "/") && url.query().is_none()
    };
    let url = text.parse().ok().filter(plain);
    url.ok_or_else(|| "expected http://HOST:PORT or https://HOST:PORT".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::{UpstreamArguments, UpstreamName};

    struct Inference;
    impl UpstreamName for Inference {
        const NAME: &'static str = "llm-inference";
        const DEFAULT_URL: &'static str = "http://127.0.0.1:50052";
    }

    struct Tools;
    impl UpstreamName for Tools {
        const NAME: &'static str = "tools";
        const DEFAULT_URL: &'static str = "http://127.0.0.1:50053";
    }

    #[derive(Debug, Parser)]
    struct Both {
        #[command(flatten)]
        inference: UpstreamArguments<Inference>,
        #[command(flatten)]
        tools: UpstreamArguments<Tools>,
    }

    #[test]
    fn two_upstreams_live_beside_each_other() {
        let both =
            Both::try_parse_from(["x", "--llm-inference-timeout", "5s", "--tools-url", "https://tools:443"]);
        let both = both.unwrap();
        assert_eq!(both.inference.settings.timeout, Duration::from_secs(5));
        assert_eq!(both.inference.settings.url, "http://127.0.0.1:50052/");
        assert_eq!(both.tools.settings.timeout, Duration::from_hours(1));
        assert_eq!(both.tools.settings.url, "https://tools:443/");
    }

    #[test]
    fn mistakes_are_named() {
        for (arguments, word) in [
            (["--tools-url", "tools:443"], "http://HOST:PORT"),
            (["--tools-url", "http://tools"], "http://HOST:PORT"),
            (["--tools-url", "no url"], "http://HOST:PORT"),
            (["--tools-url", "http://tools:1/path"], "http://HOST:PORT"),
            (["--tools-attempts", "0"], "1..=10"),
            (["--tools-timeout", "5"], "30s"),
            (["--tools-timeout", "0s"], "more than no time"),
            (["--tools-connect-timeout", "0s"], "more than no time"),
            (["--tools-tls-cert", "x.pem"], "--tools-tls-key"),
        ] {
            let error = Both::try_parse_from(["x"].into_iter().chain(arguments)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
