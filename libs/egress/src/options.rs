//! The bounds of requests.

use std::time::Duration;

use ipnet::IpNet;

use crate::Hosts;

/// Where requests may go and what an answer may be.
#[derive(Clone, Debug)]
pub struct EgressOptions {
    /// Hosts that may be asked.
    pub hosts: Hosts,
    /// Networks that may be reached though they are not public, such as that of the cluster's own services.
    pub private: Vec<IpNet>,
    /// Whether `http://` may be asked, where anybody on the way can read and answer.
    pub plain_http: bool,
    /// The PEM of authorities that may have signed the certificates of these hosts, and then no others. `None`: those that
    /// this system trusts.
    pub authorities: Option<Vec<u8>>,
    /// How long connecting may take, TLS included.
    pub connect_timeout: Duration,
    /// How long an answer may stand still.
    pub stall_timeout: Duration,
    /// How long all of it may take, redirects included.
    pub timeout: Duration,
    /// How often an answer may lead elsewhere.
    pub redirects: usize,
    /// The largest body, decompressed.
    pub max_bytes: usize,
}

impl EgressOptions {
    /// These hosts, by HTTPS, in half a minute and 4 MiB.
    pub fn new(hosts: Hosts) -> Self {
        Self {
            hosts,
            private: Vec::new(),
            plain_http: false,
            authorities: None,
            connect_timeout: Duration::from_secs(3),
            stall_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            redirects: 3,
            max_bytes: 4 << 20,
        }
    }
}
