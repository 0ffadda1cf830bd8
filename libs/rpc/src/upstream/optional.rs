//! An upstream that a service can do without.

use std::{fmt, marker::PhantomData};

use clap::{ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};

use super::{UpstreamArguments, UpstreamName, UpstreamSettings};

/// The arguments of the upstream `N`, which is only there where its URL is given. They are those of
/// [`UpstreamArguments`].
pub struct OptionalUpstream<N> {
    /// What they say, if there is an upstream.
    pub settings: Option<UpstreamSettings>,
    name: PhantomData<fn() -> N>,
}

impl<N> From<Option<UpstreamSettings>> for OptionalUpstream<N> {
    fn from(settings: Option<UpstreamSettings>) -> Self {
        Self { settings, name: PhantomData }
    }
}

impl<N> Clone for OptionalUpstream<N> {
    fn clone(&self) -> Self {
        Self::from(self.settings.clone())
    }
}

impl<N> fmt::Debug for OptionalUpstream<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OptionalUpstream").field(&self.settings).finish()
    }
}

fn url<N: UpstreamName>() -> String {
    format!("{}-url", N::NAME)
}

impl<N: UpstreamName> Args for OptionalUpstream<N> {
    fn augment_args(command: Command) -> Command {
        let command = UpstreamArguments::<N>::augment_args(command);
        command.mut_arg(url::<N>(), |url| url.default_value(None::<&'static str>))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: UpstreamName> FromArgMatches for OptionalUpstream<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            matches.value_source(&url::<N>()).is_some_and(|source| source != ValueSource::DefaultValue);
        let settings = given.then(|| UpstreamArguments::<N>::from_arg_matches(matches)).transpose()?;
        Ok(Self::from(settings.map(|arguments| arguments.settings)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::{OptionalUpstream, UpstreamName};

    struct Tools;
    impl UpstreamName for Tools {
        const NAME: &'static str = "tools";
        const DEFAULT_URL: &'static str = "http://127.0.0.1:50053";
    }

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        tools: OptionalUpstream<Tools>,
    }

    #[test]
    fn it_is_there_where_its_url_is_given() {
        let parse = |flags: &[&str]| Line::try_parse_from([&["x"], flags].concat()).unwrap().tools.settings;
        assert!(parse(&[]).is_none());
        assert!(parse(&["--tools-timeout", "5s"]).is_none());
        let settings = parse(&["--tools-url", "http://tools:1", "--tools-timeout", "5s"]).unwrap();
        assert_eq!(
            (settings.url.to_string().as_str(), settings.timeout),
            ("http://tools:1/", Duration::from_secs(5))
        );
    }
}
