//! Where the end of a job is to be told.

use contract::Invalid;
use proto::jobs::v1::Webhook;
use url::Url;

/// Bytes of an address.
const LONGEST: usize = 2048;

/// Whether it can be an address at all. Which ones may be reached is known where it is told from.
pub(super) fn check_webhook(webhook: Option<&Webhook>) -> Result<(), Invalid> {
    let Some(Webhook { url }) = webhook else { return Ok(()) };
    let field = "job.webhook.url";
    if url.len() > LONGEST {
        return Err(Invalid::field(field, format!("must be at most {LONGEST} bytes, is {}", url.len())));
    }
    let wrong = |rule: &str| Err(Invalid::field(field, rule));
    let Ok(parsed) = Url::parse(url) else {
        return wrong("must be an absolute URL, such as https://example.com/hooks");
    };
    if !matches!(parsed.scheme(), "https" | "http") {
        return wrong("must be an https URL, or an http one where the installation takes these");
    }
    if parsed.host_str().is_none_or(str::is_empty) {
        return wrong("must have a host, such as https://example.com/hooks");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return wrong("must not hold a user or a password: the receiver knows the sender by the signature");
    }
    if parsed.fragment().is_some() {
        return wrong("must not have a fragment");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use proto::jobs::v1::Webhook;

    use super::check_webhook;

    fn check(url: &str) -> Result<(), contract::Invalid> {
        check_webhook(Some(&Webhook { url: url.to_owned() }))
    }

    #[test]
    fn an_address_is_one_and_holds_no_secret() {
        check_webhook(None).unwrap();
        for good in ["https://example.com", "https://example.com:8443/hooks?a=b", "http://127.0.0.1:9/x"] {
            check(good).unwrap();
        }
        let long = format!("https://example.com/{}", "x".repeat(2048));
        for wrong in [
            "",
            "example.com",
            "/hooks",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:hush@example.com/",
            "https://user@example.com/",
            "https://example.com/#part",
            &long,
        ] {
            let error = check(wrong).unwrap_err();
            assert_eq!(error.violations()[0].field, "job.webhook.url", "{wrong}");
            assert!(!error.to_string().contains("hush"));
        }
        let scheme = check("ftp://example.com/").unwrap_err().to_string();
        assert!(scheme.contains("https") && scheme.contains("an http one where"), "{scheme}");
    }
}
