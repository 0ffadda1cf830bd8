//! Opens the byte stream under a connection.

use std::{io, net::SocketAddr, sync::Arc};

use arguments::SettingsFile;
use futures::{FutureExt, future::BoxFuture};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    UpstreamSettings,
    failure::{ConnectFailure, Obstacle},
};
use crate::{RpcError, tls};

/// A two-way byte stream.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

type Dial = dyn Fn(SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Io>>> + Send + Sync;

/// Connects to an address, through TLS where the URL says so.
#[derive(Clone)]
pub struct Connector {
    dial: Arc<Dial>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Over TCP, with TLS for an `https` URL.
    pub fn tcp(settings: &UpstreamSettings) -> Result<Self, RpcError> {
        let mut connector = Self::dialing(|address| async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        connector.tls = tls_of(settings)?;
        Ok(connector)
    }

    /// Over whatever `dial` opens, such as an in-memory pipe.
    pub fn dialing<C: Io, F>(dial: impl Fn(SocketAddr) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<C>> + Send + 'static,
    {
        let dial = move |address| dial(address).map(|io| io.map(|io| Box::new(io) as Box<dyn Io>)).boxed();
        Self { dial: Arc::new(dial), tls: None }
    }

    pub(super) async fn open(&self, address: SocketAddr) -> Result<Box<dyn Io>, ConnectFailure> {
        let unreached = |error| ConnectFailure::new(Obstacle::Address, &error);
        let io = (self.dial)(address).await.map_err(unreached)?;
        let Some((tls, name)) = &self.tls else { return Ok(io) };
        // The name in the certificate is the upstream's, whichever of its addresses answers.
        let secured = tls.connect(name.clone(), io).await.map_err(|error| ConnectFailure::of_tls(&error))?;
        Ok(Box::new(secured))
    }
}

fn tls_of(settings: &UpstreamSettings) -> Result<Option<(TlsConnector, ServerName<'static>)>, RpcError> {
    let flag = |suffix| settings.flag(suffix);
    let identity = settings.tls_identity()?;
    if settings.url.scheme_str() != Some("https") {
        let unused = settings.tls_ca.is_some() || identity.is_some();
        let message = || format!("{}… is given, but {} is not an https URL", flag("tls-"), flag("url"));
        return if unused { Err(RpcError::Settings(message())) } else { Ok(None) };
    }
    let Some(authority) = &settings.tls_ca else {
        let (url, authority) = (flag("url"), flag("tls-ca"));
        let message = format!("{url} is an https URL: name the authority to trust with {authority}");
        return Err(RpcError::Settings(message));
    };
    let authority = SettingsFile::new(flag("tls-ca"), authority);
    let config = tls::client_config(&authority, identity.as_ref())?;
    let host = settings.tls_name.as_deref().or(settings.url.host()).unwrap_or_default();
    let server = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|source| {
        let what = format!("the name {host:?}, of {} or the URL,", flag("tls-name"));
        RpcError::TlsRejected { what, source: Box::new(source) }
    })?;
    Ok(Some((TlsConnector::from(config), server)))
}
