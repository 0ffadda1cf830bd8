//! A network in memory.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures::Stream;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// Bytes under way in each direction of a connection.
const BUFFER: usize = 64 * 1024;

/// Addresses that belong to nobody else. Clones are the same network.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<HashMap<SocketAddr, Host>>>);

struct Host {
    door: mpsc::UnboundedSender<DuplexStream>,
    connections: usize,
}

impl Network {
    /// A network that nobody listens on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens on an address until the result is dropped. Whoever listened there before is cut off.
    pub fn listen(&self, address: SocketAddr) -> Incoming {
        let (door, arrivals) = mpsc::unbounded_channel();
        let mut hosts = self.hosts();
        let connections = hosts.get(&address).map_or(0, |host| host.connections);
        hosts.insert(address, Host { door, connections });
        Incoming(arrivals)
    }

    /// Connects to an address; refused unless somebody listens there.
    pub fn connect(&self, address: SocketAddr) -> io::Result<DuplexStream> {
        let (near, far) = duplex(BUFFER);
        let mut hosts = self.hosts();
        let host = hosts.get_mut(&address).ok_or(io::ErrorKind::ConnectionRefused)?;
        host.door.send(far).map_err(|_nobody| io::ErrorKind::ConnectionRefused)?;
        host.connections += 1;
        Ok(near)
    }

    /// How many connections to an address have been made so far.
    pub fn connections(&self, address: SocketAddr) -> usize {
        self.hosts().get(&address).map_or(0, |host| host.connections)
    }

    /// A plain tonic channel to an address: a client that knows nothing of ours. It connects when it is used.
    pub fn channel(&self, address: SocketAddr) -> Channel {
        let network = self.clone();
        let connector = service_fn(move |_: http::Uri| {
            let connected = network.connect(address).map(TokioIo::new);
            async move { connected }
        });
        Endpoint::from_static("http://in-memory").connect_with_connector_lazy(connector)
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<SocketAddr, Host>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections that come in at an address; what a server is served with.
pub struct Incoming(mpsc::UnboundedReceiver<DuplexStream>);

impl Stream for Incoming {
    type Item = io::Result<DuplexStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|arrival| arrival.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use std::{io, net::SocketAddr};

    use futures::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::Network;

    #[tokio::test]
    async fn bytes_go_from_a_client_to_who_listens() {
        let (network, address) = (Network::new(), SocketAddr::from(([10, 0, 0, 1], 80)));
        let mut incoming = network.listen(address);
        let mut client = network.connect(address).unwrap();
        client.write_all(b"hello").await.unwrap();
        drop(client);
        let mut received = String::new();
        incoming.next().await.unwrap().unwrap().read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "hello");
        assert_eq!(network.connections(address), 1);
    }

    #[tokio::test]
    async fn an_address_without_a_listener_refuses() {
        let (network, address) = (Network::new(), SocketAddr::from(([10, 0, 0, 1], 80)));
        let refused = |network: &Network| network.connect(address).unwrap_err().kind();
        assert_eq!(refused(&network), io::ErrorKind::ConnectionRefused);
        drop(network.listen(address));
        assert_eq!(refused(&network), io::ErrorKind::ConnectionRefused);
    }
}
