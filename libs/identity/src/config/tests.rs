use std::io::Write;

use super::*;

const ISSUER: &str =
    "[[issuers]]\nname = \"corp\"\nissuer = \"https://login.example.com/a\"\naudiences = [\"ondol\"]\n";
const CERTIFICATE: &str = "[[certificates]]\nsan = \"A.example\"\nname = \"team-a\"\n";

fn load(text: impl AsRef<[u8]>) -> Result<(Vec<Issuer>, Certificates), IdentityError> {
    install();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_ref()).unwrap();
    read(file.path())
}

/// The HTTP client wants a provider of cryptography.
fn install() {
    let _installed_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// What is told of it, behind the flag and the file.
fn problem(text: &str) -> String {
    let told = load(text).map(drop).unwrap_err().to_string();
    let told = told.strip_prefix("--identities-file ").unwrap();
    told.trim_start_matches(|c: char| c != ',' && c != ' ').to_owned()
}

#[test]
fn reads_issuers_and_certificates() {
    let more = "principal = \"email\"\nleeway = \"1m\"\nalgorithms = [\"ES256\", \"EdDSA\"]\nprivate = [\"10.0.0.0/8\"]\n\
                [issuers.claims]\nscopes = \"scp\"\n[issuers.grants]\nmodels = [\"qwen*\"]\n\
                [issuers.limits]\nconcurrency = 3\n";
    let grants = "[certificates.grants]\nscopes = [\"admin\"]\n";
    let (issuers, certificates) = load(format!("{ISSUER}{more}{CERTIFICATE}{grants}")).unwrap();
    let issuer = &issuers[0];
    assert_eq!((issuer.leeway, issuer.reading.limits.concurrency), (Duration::from_mins(1), Some(3)));
    assert_eq!(issuer.algorithms, [Algorithm::ES256, Algorithm::EdDSA]);
    let account = certificates.account(&["a.example".to_owned()]).unwrap();
    assert_eq!((account.id.as_str(), account.name.as_str()), ("certificate:team-a", "team-a"));
    assert_eq!(account.grants.to_line(), "scopes=admin");
    let (usual, _) = load(ISSUER).unwrap();
    assert_eq!(usual[0].algorithms, [Algorithm::RS256, Algorithm::ES256]);
    assert_eq!((usual[0].reading.principal.as_str(), usual[0].leeway), ("sub", LEEWAY));
}

#[test]
fn every_wrong_setting_is_named() {
    for (line, told) in [
        ("algorithms = [\"none\"]", "algorithms: expected RS256"),
        ("algorithms = [\"HS256\"]", "algorithms: expected RS256"),
        ("leeway = \"6m\"", "leeway: expected at most 5m"),
        ("leeway = 6", "leeway: expected a string in quotes, found a whole number"),
        ("stale = \"1m\"", "stale: expected at least 20m"),
        ("private = [\"everywhere\"]", "private[0]: expected a network"),
        ("authority = \"/nowhere/ca.pem\"", "authority: /nowhere/ca.pem: cannot be read: No such file"),
        ("jwks_url = \"http://login.example.com/keys\"", "jwks_url: expected https"),
        ("jwks_url = \"file:///etc/passwd\"", "jwks_url: expected https"),
        ("jwks_url = \"https://10.0.0.7/keys\"", "jwks_url: "),
        ("jwks_url = \"https://169.254.169.254/keys\"", "jwks_url: "),
        (
            "claims = { models = \"m\" }\ngrants = { models = [] }",
            "claims.models: expected it in `claims` or in",
        ),
        ("grants = { scopes = [\"a b\"] }", "grants.scopes[0]: "),
        ("limits = { concurrency = 0 }", "limits.concurrency: expected 1 to"),
        ("limits = { concurrency = \"a\" }", "limits.concurrency: expected a whole number"),
    ] {
        let problem = problem(&format!("{ISSUER}{line}\n"));
        assert!(problem.starts_with(&format!(", line 5: issuers[0].{told}")), "{line}: {problem}");
    }
    for (address, reason) in [("10.0.0.7", "private network"), ("169.254.169.254", "local link")] {
        let problem = problem(&format!("{ISSUER}jwks_url = \"https://{address}/keys\"\n"));
        assert!(problem.contains(reason), "{problem}");
    }
    for (from, to, named) in [
        ("corp", "Corp:a", ", line 2: issuers[0].name: "),
        ("\"ondol\"", "", ", line 4: issuers[0].audiences: "),
        ("https://", "http://", ", line 3: issuers[0].issuer: "),
        ("/a", "/a?b", ", line 3: issuers[0].issuer: "),
    ] {
        let problem = problem(&ISSUER.replacen(from, to, 1));
        assert!(problem.starts_with(named), "{to}: {problem}");
    }
    for (from, to, named) in [
        ("A.example", "*.example", ", line 2: certificates[0].san: "),
        ("A.example", "a b", ", line 2: certificates[0].san: "),
        ("team-a", "corp:alice", ", line 3: certificates[0].name: "),
    ] {
        let problem = problem(&CERTIFICATE.replacen(from, to, 1));
        assert!(problem.starts_with(named), "{to}: {problem}");
    }
}

#[test]
fn what_is_there_twice_or_unknown_is_refused() {
    // A DNS name is the same in any case.
    let other_case = CERTIFICATE.replace("A.example", "a.Example");
    let name = ", line 6: issuers[1].name: \"corp\" is there twice";
    let san = ", line 5: certificates[1].san: \"a.example\" is there twice";
    for (one, other, told) in
        [(ISSUER, ISSUER, name), (CERTIFICATE, CERTIFICATE, san), (CERTIFICATE, &other_case, san)]
    {
        assert_eq!(problem(&format!("{one}{other}")), told);
    }
    let unknown = problem(&format!("{ISSUER}audience = \"x\"\n"));
    assert!(unknown.starts_with(", line 5: issuers[0].audience: unknown field"), "{unknown}");
    let missing = read(Path::new("/nowhere/identities.toml")).map(drop).unwrap_err();
    assert!(
        missing.to_string().starts_with("--identities-file /nowhere/identities.toml: cannot"),
        "{missing}"
    );
}

#[test]
fn a_file_that_is_no_text_is_none_rather_than_an_empty_one() {
    let told = load([ISSUER.as_bytes(), b"# \xff"].concat()).map(drop).unwrap_err();
    assert!(Chain(&told).to_string().contains("line 5: not UTF-8"), "{told:?}");
    for nothing in ["", "# nothing\n", "issuers = []\n"] {
        assert!(problem(nothing).contains("names nobody"), "{nothing:?}");
    }
}
