//! TLS from PEM files, for both ends.

mod certificate;
mod peer;

use std::{fmt, path::Path, sync::Arc};

use arguments::SettingsFile;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::WebPkiClientVerifier,
};

use crate::{RpcError, ServerArguments};
pub use certificate::ServerCertificate;
pub use peer::PeerNames;

/// A certificate chain and its key.
pub(crate) struct Identity<'a> {
    pub(crate) certificate: SettingsFile<'a>,
    pub(crate) key: SettingsFile<'a>,
}

/// A server's TLS. With `client_authority`, clients must show a certificate that it signed.
pub(crate) fn server_config(
    identity: &Identity<'_>,
    client_authority: Option<&Path>,
) -> Result<Arc<ServerConfig>, RpcError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| rejected(&"the protocol's versions", error))?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let file = SettingsFile::new("--tls-client-ca", path);
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(authority(&file)?), provider())
                    .build()
                    .map_err(|error| rejected(&file, error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificates(&identity.certificate)?, key(&identity.key)?)
        .map_err(|error| rejected(identity, error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Checks a server's arguments and its TLS files, for whoever does slow things before it makes the server.
pub fn check_server(arguments: &ServerArguments) -> Result<(), RpcError> {
    arguments.check()?;
    let Some(identity) = arguments.tls_identity()? else { return Ok(()) };
    server_config(&identity, arguments.tls_client_ca.as_deref()).map(drop)
}

/// A client's TLS: trusts only `authority`, and shows `identity` to servers that ask for one.
pub(crate) fn client_config(
    authority_file: &SettingsFile<'_>,
    identity: Option<&Identity<'_>>,
) -> Result<Arc<ClientConfig>, RpcError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| rejected(&"the protocol's versions", error))?
        .with_root_certificates(authority(authority_file)?);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(certificates(&identity.certificate)?, key(&identity.key)?)
            .map_err(|error| rejected(identity, error))?,
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Named here, so that it does not depend on what the process has installed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn authority(file: &SettingsFile<'_>) -> Result<RootCertStore, RpcError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        store.add(certificate).map_err(|error| rejected(file, error))?;
    }
    Ok(store)
}

fn certificates(file: &SettingsFile<'_>) -> Result<Vec<CertificateDer<'static>>, RpcError> {
    let expected = "certificate";
    let unreadable = |source| RpcError::TlsFile { file: file.to_string(), expected, source };
    let certificates = CertificateDer::pem_file_iter(file.path()).map_err(unreadable)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(RpcError::TlsFileEmpty { file: file.to_string(), expected });
    }
    Ok(certificates)
}

fn key(file: &SettingsFile<'_>) -> Result<PrivateKeyDer<'static>, RpcError> {
    let expected = "private key";
    PrivateKeyDer::from_pem_file(file.path()).map_err(|source| match source {
        pem::Error::NoItemsFound => RpcError::TlsFileEmpty { file: file.to_string(), expected },
        source => RpcError::TlsFile { file: file.to_string(), expected, source },
    })
}

fn rejected(what: &impl fmt::Display, error: impl std::error::Error + Send + Sync + 'static) -> RpcError {
    RpcError::TlsRejected { what: what.to_string(), source: Box::new(error) }
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.certificate, self.key)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Identity, RpcError, SettingsFile, client_config, server_config};

    #[test]
    fn every_bad_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(at("cert.pem"), pair.cert.pem()).unwrap();
        fs::write(at("key.pem"), pair.signing_key.serialize_pem()).unwrap();
        fs::write(at("empty.pem"), "").unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(at("other.pem"), other.signing_key.serialize_pem()).unwrap();

        let server = |certificate: &Path, key: &Path| {
            let certificate = SettingsFile::new("--tls-cert", certificate);
            let key = SettingsFile::new("--tls-key", key);
            server_config(&Identity { certificate, key }, None).map(drop)
        };
        let named = |flag: &str, name: &str| format!("{flag} {}", at(name).display());
        assert!(server(&at("cert.pem"), &at("key.pem")).is_ok());
        let missing = server(&at("none.pem"), &at("key.pem")).unwrap_err().to_string();
        // Not a word about PEM.
        assert_eq!(missing, format!("{}: cannot read a certificate", named("--tls-cert", "none.pem")));
        fs::write(at("torn.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
        let torn = server(&at("torn.pem"), &at("key.pem")).unwrap_err();
        assert!(
            torn.to_string().ends_with("torn.pem: cannot read a certificate: expected a PEM file"),
            "{torn}"
        );
        let empty = server(&at("empty.pem"), &at("key.pem")).unwrap_err();
        assert!(matches!(empty, RpcError::TlsFileEmpty { expected: "certificate", .. }), "{empty}");
        let no_key = server(&at("cert.pem"), &at("empty.pem")).unwrap_err();
        assert!(matches!(no_key, RpcError::TlsFileEmpty { expected: "private key", .. }), "{no_key}");
        assert!(no_key.to_string().starts_with(&named("--tls-key", "empty.pem")), "{no_key}");
        let mismatch = server(&at("cert.pem"), &at("other.pem")).unwrap_err();
        assert!(matches!(mismatch, RpcError::TlsRejected { .. }), "{mismatch}");
        let both = format!("{} with {}", named("--tls-cert", "cert.pem"), named("--tls-key", "other.pem"));
        assert_eq!(mismatch.to_string(), format!("{both} cannot be used for TLS"));
        let empty = at("empty.pem");
        let error = client_config(&SettingsFile::new("--tools-tls-ca", &empty), None).map(drop).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: holds no certificate", named("--tools-tls-ca", "empty.pem"))
        );
    }
}
