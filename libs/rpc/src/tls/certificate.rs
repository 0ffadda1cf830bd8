//! What a server's own certificate file tells about the clients that could call it.

use std::path::Path;

use arguments::SettingsFile;
use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{certificates, provider};
use crate::RpcError;

/// The chain that a server shows, its own certificate first.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    chain: Vec<CertificateDer<'static>>,
}

impl ServerCertificate {
    /// Reads a PEM file as `--tls-cert` takes it.
    pub fn read(path: &Path) -> Result<Self, RpcError> {
        Ok(Self { chain: certificates(&SettingsFile::new("--tls-cert", path))? })
    }

    /// Whether a client needs nothing but this file to trust the server: it is signed by itself, or the file holds an
    /// authority of its chain.
    pub fn is_its_own_authority(&self) -> bool {
        let Some((own, intermediates)) = self.chain.split_first() else { return false };
        let Ok(own) = ParsedCertificate::try_from(own) else { return false };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.chain.iter().cloned());
        let algorithms = provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&own, &roots, intermediates, UnixTime::now(), algorithms)
            .is_ok()
    }

    /// Whether it is made out to this host name or IP address.
    pub fn names(&self, host: &str) -> bool {
        let own = self.chain.first().and_then(|own| ParsedCertificate::try_from(own).ok());
        let name = ServerName::try_from(host).ok();
        own.zip(name).is_some_and(|(own, name)| verify_server_name(&own, &name).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};

    use super::ServerCertificate;

    fn read(pems: &[&Certificate]) -> ServerCertificate {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for pem in pems {
            file.write_all(pem.pem().as_bytes()).unwrap();
        }
        ServerCertificate::read(file.path()).unwrap()
    }

    fn named(host: &str) -> CertificateParams {
        CertificateParams::new(vec![host.to_owned()]).unwrap()
    }

    #[test]
    fn a_file_is_its_own_authority_when_nothing_else_is_needed_to_trust_it() {
        let alone = named("localhost").self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert!(read(&[&alone]).is_its_own_authority());

        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let authority = Issuer::new(params, key);
        let signed = named("localhost").signed_by(&KeyPair::generate().unwrap(), &authority).unwrap();
        assert!(read(&[&signed, &root]).is_its_own_authority(), "the chain up to its root");
        assert!(!read(&[&signed]).is_its_own_authority(), "the root is elsewhere");
        assert!(!read(&[&signed, &alone]).is_its_own_authority(), "another root");
    }

    #[test]
    fn names_and_addresses_are_told_apart() {
        let key = KeyPair::generate().unwrap();
        let here = read(&[&named("localhost").self_signed(&key).unwrap()]);
        assert!(here.names("localhost") && !here.names("127.0.0.1") && !here.names("no host"));
        let address = read(&[&named("127.0.0.1").self_signed(&key).unwrap()]);
        assert!(address.names("127.0.0.1") && !address.names("localhost"));
    }
}
