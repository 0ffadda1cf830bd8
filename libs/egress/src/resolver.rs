//! Resolves names to addresses that may be reached.
//!
//! What this answers is what the client connects to: there is no second look-up that could answer something else. A name
//! that leads to one address which may not be reached is refused as a whole, so that no luck is involved.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{EgressError, check_address};

/// Looks a name up. Tests have one of their own.
pub(crate) type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;
pub(crate) type Looking = std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up and checks what comes.
pub(crate) struct Guarded {
    pub(crate) lookup: Lookup,
    pub(crate) private: Vec<IpNet>,
}

/// The system's own way.
pub(crate) fn system() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, private) = ((self.lookup)(name.as_str().to_owned()), self.private.clone());
        Box::pin(async move {
            let found = looking.await?;
            for address in &found {
                check_address(*address, &private)
                    .map_err(|refusal| EgressError::Address { host: name.as_str().to_owned(), refusal })?;
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
