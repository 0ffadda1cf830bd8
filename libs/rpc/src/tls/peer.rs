//! Who a client's certificate is made out to.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The names in the certificate that a client has shown, in the extensions of each request of its connection:
/// alternative names that are URIs or DNS names. There is none without `--tls-client-ca`, and one whose authority
/// signed it with it.
///
/// The subject's common name is not among them: what an authority's certificate may sign names for is not held against
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerNames(Arc<[String]>);

impl PeerNames {
    /// Those of a chain that was verified, its own certificate first.
    pub(crate) fn of(chain: Option<&[CertificateDer<'_>]>) -> Option<Self> {
        let own = EndEntityCert::try_from(chain?.first()?).ok()?;
        // A URI has a scheme. What has none looks like the name of a host, and an authority that may sign for a few
        // hosts only could write any other there: what is held against it differs by the kind of name.
        let uris = own.valid_uri_names().filter(|uri| uri.contains(':')).map(str::to_owned);
        // A DNS name is the same in any case; a URI is not.
        let hosts = own.valid_dns_names().map(str::to_ascii_lowercase);
        Some(Self(uris.chain(hosts).collect()))
    }

    /// The names.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::PeerNames;

    #[test]
    fn uris_and_hosts_are_names_and_neither_a_common_name_nor_a_host_that_poses_as_a_uri() {
        let mut params = CertificateParams::new(vec!["Team-A.example".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://cluster/ns/Team-a".try_into().unwrap()));
        params.distinguished_name.push(DnType::CommonName, "root");
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let names = PeerNames::of(Some(&[certificate.der().clone()])).unwrap();
        assert_eq!(names.as_slice(), ["spiffe://cluster/ns/Team-a", "team-a.example"]);
        params.subject_alt_names = vec![SanType::URI("team-b.example".try_into().unwrap())];
        let disguised = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert!(PeerNames::of(Some(&[disguised.der().clone()])).unwrap().as_slice().is_empty());
        assert_eq!(PeerNames::of(None), None);
        assert_eq!(PeerNames::of(Some(&[])), None);
    }
}
