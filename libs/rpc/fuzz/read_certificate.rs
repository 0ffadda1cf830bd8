//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

#[cfg_attr(test, expect(unreachable_pub, reason = "the file is a part of a crate where it can be reached"))]
#[path = "../src/tls/peer.rs"]
mod peer;

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// Takes `bytes` for the certificate of a client. What is told of it is a URI, or the name of a host as it is written
/// everywhere, and stands in it as such: a name that an authority could only sign as one kind is never told as the other.
pub(crate) fn read_certificate(bytes: &[u8]) {
    let der = CertificateDer::from(bytes);
    let names = peer::PeerNames::of(Some(std::slice::from_ref(&der)));
    let certificate = EndEntityCert::try_from(&der);
    assert_eq!(names.is_some(), certificate.is_ok());
    let (Some(names), Ok(certificate)) = (names, certificate) else { return };
    for name in names.as_slice() {
        if name.contains(':') {
            assert!(certificate.valid_uri_names().any(|uri| uri == name), "{name:?}");
        } else {
            assert!(certificate.valid_dns_names().any(|host| host.eq_ignore_ascii_case(name)), "{name:?}");
            assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()), "{name:?}");
        }
    }
}
