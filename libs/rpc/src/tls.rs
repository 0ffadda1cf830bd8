//! TLS from PEM files, for both ends.

mod certificate;
mod peer;

use std::{path::Path, sync::Arc};

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
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
}

/// A server's TLS. With `client_authority`, clients must show a certificate that it signed.
pub(crate) fn server_config(
    identity: Identity<'_>,
    client_authority: Option<&Path>,
) -> Result<Arc<ServerConfig>, RpcError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| rejected("protocol versions", error))?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(authority(path)?), provider())
                    .build()
                    .map_err(|error| rejected("client authority", error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificates(identity.certificate)?, key(identity.key)?)
        .map_err(|error| rejected("certificate and key", error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Reads and checks a server's TLS files, for whoever does slow things before it makes the server.
pub fn check_tls(arguments: &ServerArguments) -> Result<(), RpcError> {
    let Some(identity) = arguments.tls_identity()? else { return Ok(()) };
    server_config(identity, arguments.tls_client_ca.as_deref()).map(drop)
}

/// A client's TLS: trusts only `authority`, and shows `identity` to servers that ask for one.
pub(crate) fn client_config(
    authority_file: &Path,
    identity: Option<Identity<'_>>,
) -> Result<Arc<ClientConfig>, RpcError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| rejected("protocol versions", error))?
        .with_root_certificates(authority(authority_file)?);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(certificates(identity.certificate)?, key(identity.key)?)
            .map_err(|error| rejected("client certificate and key", error))?,
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Named here, so that it does not depend on what the process has installed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn authority(path: &Path) -> Result<RootCertStore, RpcError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| rejected("authority", error))?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, RpcError> {
    let expected = "certificate";
    let unreadable = |source| RpcError::TlsFile { path: path.to_owned(), expected, source };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect();
    let certificates = certificates.map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(RpcError::TlsFileEmpty { path: path.to_owned(), expected });
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, RpcError> {
    let expected = "private key";
    PrivateKeyDer::from_pem_file(path).map_err(|source| match source {
        pem::Error::NoItemsFound => RpcError::TlsFileEmpty { path: path.to_owned(), expected },
        source => RpcError::TlsFile { path: path.to_owned(), expected, source },
    })
}

fn rejected(what: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> RpcError {
    RpcError::TlsRejected { what, source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Identity, RpcError, client_config, server_config};

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

        let server =
            |certificate: &Path, key: &Path| server_config(Identity { certificate, key }, None).map(drop);
        assert!(server(&at("cert.pem"), &at("key.pem")).is_ok());
        let missing = server(&at("none.pem"), &at("key.pem")).unwrap_err();
        assert!(missing.to_string().ends_with("none.pem"), "not a word about PEM: {missing}");
        fs::write(at("torn.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
        let torn = server(&at("torn.pem"), &at("key.pem")).unwrap_err();
        assert!(torn.to_string().ends_with("torn.pem: expected a PEM file"), "{torn}");
        let empty = server(&at("empty.pem"), &at("key.pem")).unwrap_err();
        assert!(matches!(empty, RpcError::TlsFileEmpty { expected: "certificate", .. }), "{empty}");
        let no_key = server(&at("cert.pem"), &at("empty.pem")).unwrap_err();
        assert!(matches!(no_key, RpcError::TlsFileEmpty { expected: "private key", .. }), "{no_key}");
        let mismatch = server(&at("cert.pem"), &at("other.pem")).unwrap_err();
        assert!(matches!(mismatch, RpcError::TlsRejected { .. }), "{mismatch}");
        assert!(client_config(&at("empty.pem"), None).is_err());
    }
}
