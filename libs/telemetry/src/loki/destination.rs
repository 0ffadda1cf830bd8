//! Where lines go, and under which labels.

use std::str::FromStr;

use tracing_loki::Builder;
use url::Url;

/// The address of a Loki, or of something that takes lines as one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LokiDestination(Url);

impl FromStr for LokiDestination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected http://HOST:PORT, such as http://loki:3100";
        let mut url = Url::parse(text).map_err(|problem| format!("{problem}: {EXPECTED}"))?;
        if url.scheme() == "https" {
            return Err(
                "TLS is not spoken here: name a collector inside the cluster, such as Grafana Alloy, that \
                        passes lines on, or have standard output collected"
                    .to_owned(),
            );
        }
        if url.scheme() != "http" || url.host_str().is_none_or(str::is_empty) {
            return Err(EXPECTED.to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "a password in an address is seen by whoever sees the process: leave it out".to_owned()
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("nothing may follow the path: {EXPECTED}"));
        }
        // What is joined to a path without a slash at its end takes the place of its last part.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }
}

/// Checks the name of a tenant as Loki does.
pub(crate) fn tenant(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte);
    let is_name = (1..=150).contains(&text.len()) && text.bytes().all(allowed) && text != "." && text != "..";
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "expected 1 to 150 letters, digits or !-_.*'(), which is what Loki takes for a tenant".to_owned()
    })
}

/// What a batch is delivered to: an address, a tenant, and the labels, of which there are two alone, `service` and
/// `level`.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(super) url: Url,
    pub(super) builder: Builder,
}

impl Stream {
    /// The lines of one service. Labels are few and have few values each: all else stands in the line.
    pub(crate) fn new(
        destination: &LokiDestination,
        tenant: Option<&str>,
        service: &str,
    ) -> Result<Self, tracing_loki::Error> {
        let mut builder = tracing_loki::builder().label("service", service)?;
        if let Some(tenant) = tenant {
            builder = builder.http_header("X-Scope-OrgID", tenant)?;
        }
        Ok(Self { url: destination.0.clone(), builder })
    }
}

#[cfg(test)]
mod tests {
    use super::{LokiDestination, tenant};

    #[test]
    fn a_path_is_kept_with_or_without_its_slash() {
        for text in ["http://loki:3100/behind", "http://loki:3100/behind/"] {
            let LokiDestination(url) = text.parse().unwrap();
            assert_eq!(url.join("loki/api/v1/push").unwrap().path(), "/behind/loki/api/v1/push");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_with_the_reason() {
        for (wrong, named) in [
            ("loki:3100", "http://HOST:PORT"),
            ("loki", "http://HOST:PORT"),
            ("https://loki:3100", "TLS is not spoken"),
            ("http://me:secret@loki:3100", "leave it out"),
            ("http://loki:3100/?a=b", "nothing may follow"),
        ] {
            let told = wrong.parse::<LokiDestination>().unwrap_err();
            assert!(told.contains(named) && !told.contains("secret"), "{wrong}: {told}");
        }
    }

    #[test]
    fn a_tenant_is_what_loki_takes_for_one() {
        assert_eq!(tenant("team-a"), Ok("team-a".to_owned()));
        for wrong in ["", "a b", "..", "a\nb", "팀", &"x".repeat(151)] {
            assert!(tenant(wrong).unwrap_err().contains("1 to 150"), "{wrong:?}");
        }
    }
}
