use std::io::Write;

use fault::Chain;

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

fn problem(text: &str) -> String {
    load(text).map(drop).unwrap_err().to_string()
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
    for (line, named) in [
        ("algorithms = [\"none\"]", "algorithms"),
        ("algorithms = [\"HS256\"]", "algorithms"),
        ("leeway = \"6m\"", "leeway"),
        ("stale = \"1m\"", "stale"),
        ("private = [\"everywhere\"]", "private"),
        ("jwks_url = \"http://login.example.com/keys\"", "jwks_url"),
        ("jwks_url = \"file:///etc/passwd\"", "jwks_url"),
        ("jwks_url = \"https://10.0.0.7/keys\"", "private network"),
        ("jwks_url = \"https://169.254.169.254/keys\"", "local link"),
        ("claims = { models = \"m\" }\ngrants = { models = [] }", "models"),
        ("grants = { scopes = [\"a b\"] }", "grants.scopes[0]"),
        ("limits = { concurrency = 0 }", "limits.concurrency"),
    ] {
        let problem = problem(&format!("{ISSUER}{line}\n"));
        assert!(problem.contains("\"corp\"") && problem.contains(named), "{line}: {problem}");
    }
    for (from, to, named) in [
        ("corp", "Corp:a", "name"),
        ("\"ondol\"", "", "audiences"),
        ("https://", "http://", "issuer"),
        ("/a", "/a?b", "issuer"),
    ] {
        let problem = problem(&ISSUER.replacen(from, to, 1));
        assert!(problem.contains(named), "{to}: {problem}");
    }
    for (from, to, named) in
        [("A.example", "*.example", "san"), ("A.example", "a b", "san"), ("team-a", "corp:alice", "name")]
    {
        let problem = problem(&CERTIFICATE.replacen(from, to, 1));
        assert!(problem.contains("certificates") && problem.contains(named), "{to}: {problem}");
    }
}

#[test]
fn what_is_there_twice_or_unknown_is_refused() {
    for text in [&format!("{ISSUER}{ISSUER}"), &format!("{CERTIFICATE}{CERTIFICATE}")] {
        assert!(problem(text).contains("twice"));
    }
    assert!(problem(&format!("{ISSUER}audience = \"x\"\n")).contains("no file of identities: line 5: "));
    let missing = read(Path::new("/nowhere/identities.toml")).map(drop).unwrap_err();
    assert!(missing.to_string().contains("identities.toml"), "{missing}");
}

#[test]
fn a_file_that_is_no_text_is_none_rather_than_an_empty_one() {
    let told = load([ISSUER.as_bytes(), b"# \xff"].concat()).map(drop).unwrap_err();
    assert!(Chain(&told).to_string().contains("line 5: not UTF-8"), "{told:?}");
    for nothing in ["", "# nothing\n", "issuers = []\n"] {
        assert!(problem(nothing).contains("names nobody"), "{nothing:?}");
    }
}
