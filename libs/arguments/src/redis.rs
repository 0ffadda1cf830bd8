//! An address of Redis.

const FORM: &str = "expected redis://HOST:PORT/DATABASE, rediss://HOST:PORT/DATABASE or unix:///PATH";

/// What is wrong with an address that Redis's client does not understand. Nothing of it is repeated: it may hold a
/// password, in any of its parts if a special character of that was left as it is.
pub fn redis_advice(address: &str) -> String {
    let Some((_, rest)) =
        address.split_once("://").filter(|(scheme, _)| ["redis", "rediss"].contains(scheme))
    else {
        return FORM.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (_, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    // An IPv6 address stands in brackets, and has colons of its own.
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (server, ""),
    };
    let database = path.strip_prefix('/').and_then(|path| path.split(['?', '#']).next()).unwrap_or_default();
    if host.is_empty() {
        format!("the host is missing: {FORM}")
    } else if !port.is_empty() && !port.parse::<u16>().is_ok_and(|port| port > 0) {
        format!(
            "what stands where the port should is none from 1 to 65535: {FORM}; special characters of a password \
             are written as %40 for @, %2F for / and so on"
        )
    } else if !database.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("the database is no number: {FORM}")
    } else {
        FORM.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::redis_advice;

    #[test]
    fn the_part_that_is_wrong_is_named_and_no_part_is_shown() {
        for (address, part) in [
            ("redis://:hush@127.0.0.1:99999", "the port"),
            ("redis://:hush@127.0.0.1:hush/0", "the port"),
            ("redis://user:hu/sh@host:1", "the port"),
            ("rediss://[::1]:0", "the port"),
            ("rediss://:hush@host:1/hush", "the database"),
            ("redis://:hush@:6379", "the host"),
            ("redis://", "the host"),
        ] {
            let told = redis_advice(address);
            assert!(told.contains(part) && told.contains("redis://HOST:PORT"), "{address}: {told}");
            assert!(!told.contains("hush") && !told.contains("99999"), "{told}");
        }
        for whole in ["redis://[::1]/0", "http://:hush@host:1", "host:6379", ""] {
            assert!(redis_advice(whole).starts_with("expected redis://HOST:PORT"), "{whole}");
        }
    }
}
