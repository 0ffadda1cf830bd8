//! The port of a service.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::response::IntoResponse;
use rpc::{Doorkeeper, MessageLimits, Methods, Public, Server, ServerArguments, ServerMetrics, Trust};
use runtime::Life;
use tokio::sync::watch;
use tonic::{
    body::Body,
    server::NamedService,
    service::{Routes, RoutesBuilder},
    transport::server::TcpIncoming,
};
use tower::Service;

use crate::{Health, ServiceError};

/// The process drops what still runs at the end of its own grace, which is the one that operators set.
const NO_GRACE_OF_ITS_OWN: Duration = Duration::from_hours(24);

/// What to open.
#[derive(Clone, Debug)]
pub struct Door<'a> {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The server's settings.
    pub arguments: &'a ServerArguments,
    /// Whose word is taken for the principal.
    pub trust: Trust,
    /// The encoded descriptors of what will be served, for reflection and for the labels of metrics.
    pub descriptors: &'a [&'static [u8]],
    /// The patterns of plain HTTP paths that will be served, such as `/generated/{job}/{artifact}`, for the same labels.
    pub paths: &'a [&'static str],
    /// What it speaks besides gRPC, where the public comes in.
    pub public: Option<Public>,
}

/// An open port that serves nothing yet.
pub struct Port {
    incoming: TcpIncoming,
    address: SocketAddr,
    server: Server,
    limits: MessageLimits,
    routes: RoutesBuilder,
    http: axum::Router,
    health: Health,
    /// Names whose health is the component's, and what else it hangs on.
    names: Vec<(&'static str, watch::Receiver<bool>)>,
}

impl Port {
    /// Takes the address and prepares the stack, with health and reflection (v1 and v1alpha).
    pub fn open(door: &Door<'_>, life: &Life) -> Result<Self, ServiceError> {
        let own = [tonic_health::pb::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET];
        let methods =
            Methods::described_by(door.descriptors.iter().copied().chain(own))?.with_paths(door.paths);
        let metrics = life.register(|registry| ServerMetrics::register(methods, registry));
        let mut server = Server::new(door.arguments, metrics)?.trusting(door.trust).named(life.name());
        if let Some(public) = door.public.clone() {
            server = server.speaking(public)?;
        }

        let (reporter, health) = tonic_health::server::health_reporter();
        let mut routes = Routes::builder();
        routes.add_service(health);
        let describe = || {
            let builder = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                // The details of errors, so that grpcurl can print them.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET);
            door.descriptors
                .iter()
                .fold(builder, |builder, set| builder.register_encoded_file_descriptor_set(set))
        };
        routes.add_service(describe().build_v1()?);
        routes.add_service(describe().build_v1alpha()?);

        let incoming = bind(door.listen)?;
        let address =
            incoming.local_addr().map_err(|source| rpc::RpcError::Bind { address: door.listen, source })?;
        let limits = door.arguments.message_limits();
        Ok(Self {
            incoming,
            address,
            server,
            limits,
            routes,
            http: axum::Router::new(),
            health: Health::new(reporter),
            names: vec![("", always())],
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The limits to set on each generated server before it is added.
    pub fn message_limits(&self) -> MessageLimits {
        self.limits
    }

    /// A handle to say what serves, by name.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Adds a generated server. Its health is that of the component.
    #[must_use]
    pub fn with<S>(self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.with_while(service, always())
    }

    /// Adds a generated server that is of use only while `condition` holds, such as a connected upstream.
    #[must_use]
    pub fn with_while<S>(mut self, service: S, condition: watch::Receiver<bool>) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push((S::NAME, condition));
        self.routes.add_service(service);
        self
    }

    /// Has calls turned away that this one knows, before anything is done for them.
    #[must_use]
    pub fn kept_by(mut self, keeper: Doorkeeper) -> Self {
        self.server = self.server.kept_by(keeper);
        self
    }

    /// Adds plain HTTP routes. The stack stands around them too; a refusal of theirs is a status from `rpc`, which
    /// becomes HTTP's further out.
    #[must_use]
    pub fn with_http(mut self, routes: axum::Router) -> Self {
        self.http = self.http.merge(routes);
        self
    }

    /// Serves until `life` drains, then finishes what runs.
    pub fn serve(self, life: &Life) {
        self.serve_then(life, async {});
    }

    /// The same, and then, when the last call has ended, does `after`: closes what calls had used.
    pub fn serve_then(self, life: &Life, after: impl Future<Output = ()> + Send + 'static) {
        let names: Vec<_> = self.names.iter().map(|(name, _)| *name).collect();
        let health = self.health.clone();
        let following = self.health.follow(self.names, life.clone());
        let draining = life.draining();
        let routes = self.routes.routes().into_axum_router().merge(self.http);
        let server = self.server.warned_by(life.stopping());
        let serving = server.serve(self.incoming, routes.into(), life.draining(), NO_GRACE_OF_ITS_OWN);
        life.spawn("grpc", async move {
            serving.await;
            after.await;
        });
        life.spawn("health", async move {
            // What follows never ends by itself: the end of the component ends it.
            tokio::select! {
                () = following => {}
                () = draining => {}
            }
            for name in names {
                health.set(name, false).await;
            }
        });
    }
}

/// The condition of what hangs on nothing else.
fn always() -> watch::Receiver<bool> {
    watch::channel(true).1
}

/// Whether a port could be opened, by its address and its TLS files: for whoever does slow things before it opens one.
pub fn check(address: SocketAddr, arguments: &ServerArguments) -> Result<(), ServiceError> {
    rpc::check_server(arguments)?;
    bind(address).map(drop)
}

fn bind(address: SocketAddr) -> Result<TcpIncoming, ServiceError> {
    rpc::bind(address).map_err(ServiceError::Listen)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use runtime::{Exit, Signal, Signals, Supervisor};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tonic_health::pb::{
        HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
    };

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        server: ServerArguments,
    }

    fn open(life: &Life) -> Port {
        let arguments = Cli::parse_from(["test"]).server;
        let door = Door {
            listen: "127.0.0.1:0".parse().unwrap(),
            arguments: &arguments,
            trust: Trust::Nobody,
            descriptors: &[],
            paths: &[],
            public: None,
        };
        Port::open(&door, life).unwrap()
    }

    /// A generated server, whichever.
    fn some_service()
    -> impl Service<http::Request<Body>, Error = Infallible, Response: IntoResponse, Future: Send + 'static>
    + NamedService
    + Clone
    + Send
    + Sync
    + 'static {
        tonic_reflection::server::Builder::configure().build_v1().unwrap()
    }

    #[tokio::test]
    async fn a_service_with_a_condition_serves_while_that_holds_and_the_process_is_ready() {
        let life = Life::new();
        let (reachable, condition) = watch::channel(false);
        let ready = life.readiness("start");
        let (reporter, server) = tonic_health::server::health_reporter();
        let port = Port { routes: Routes::builder(), health: Health::new(reporter), ..open(&life) };
        let service = "grpc.reflection.v1.ServerReflection".to_owned();
        port.health.set(&service, false).await;
        port.with_while(some_service(), condition).serve(&life);
        let mut client = HealthClient::new(server);
        let mut watch = client.watch(HealthCheckRequest { service }).await.unwrap().into_inner();
        let mut next = async || watch.message().await.unwrap().unwrap().status();
        ready.ready();
        while next().await != ServingStatus::NotServing {}
        reachable.send_replace(true);
        while next().await != ServingStatus::Serving {}
        reachable.send_replace(false);
        while next().await != ServingStatus::NotServing {}
    }

    #[tokio::test]
    async fn what_would_keep_a_port_from_opening_is_known_before() {
        let plain = Cli::parse_from(["test"]).server;
        check("127.0.0.1:0".parse().unwrap(), &plain).unwrap();
        let elsewhere = check("192.0.2.1:0".parse().unwrap(), &plain).unwrap_err();
        let message = fault::Chain(&elsewhere).to_string();
        assert!(message.contains("--listen") && message.contains("no such address"), "{message}");
        let secure = Cli::parse_from(["test", "--tls-cert", "none.pem", "--tls-key", "none.key"]).server;
        let missing = check("127.0.0.1:0".parse().unwrap(), &secure).unwrap_err();
        assert!(missing.to_string().contains("none.pem"), "{missing}");
    }

    #[tokio::test]
    async fn what_calls_use_is_closed_when_the_last_one_has_ended() {
        let life = Life::new();
        let port = open(&life);
        let address = port.address();
        let (closed, mut closing) = watch::channel(false);
        port.serve_then(&life, async move {
            closed.send_replace(true);
        });
        let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
        let mut client = HealthClient::new(channel.connect().await.unwrap());
        let asked = HealthCheckRequest { service: String::new() };
        let call = client.watch(asked).await.unwrap();
        let (terminate, signals) = Signals::channel();
        let (draining, unclosed) = (life.draining(), closing.clone());
        life.spawn("caller", async move {
            draining.await;
            assert!(!*unclosed.borrow(), "a call is still under way");
            drop((call, client));
        });
        let grace = Duration::from_secs(30);
        let supervisor = Supervisor { life, signals, grace, drain_delay: Duration::ZERO };
        terminate.send(Signal::Terminate).await.unwrap();
        let exit = supervisor.run(async |_| Ok::<_, Infallible>(())).await;
        assert_eq!(exit, Exit::Completed);
        closing.wait_for(|closed| *closed).await.unwrap();
    }

    #[tokio::test]
    async fn clients_over_http_1_are_told_of_the_end_before_the_drain() {
        let life = Life::new();
        let port = open(&life);
        let (address, leaving) = (port.address(), life.stopping());
        port.serve(&life);
        let (terminate, signals) = Signals::channel();
        let never = Duration::from_hours(1);
        let supervisor = Supervisor { life, signals, grace: never, drain_delay: never };
        let client = async {
            terminate.send(Signal::Terminate).await.unwrap();
            leaving.cancelled().await;
            let mut io = TcpStream::connect(address).await.unwrap();
            io.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            io.read_to_string(&mut answer).await.unwrap();
            terminate.send(Signal::Terminate).await.unwrap();
            answer
        };
        let (exit, answer) = tokio::join!(supervisor.run(async |_| Ok::<_, Infallible>(())), client);
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(exit, Exit::Aborted(Signal::Terminate));
    }

    #[tokio::test]
    async fn health_follows_the_process() {
        let life = Life::new();
        let port = open(&life);
        let (address, health) = (port.address(), port.health());
        let condition = life.readiness("model");
        health.set("models/one", true).await;
        port.serve(&life);

        let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
        let mut client = HealthClient::new(channel.connect().await.unwrap());
        let mut watch =
            client.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
        let mut next = async || watch.message().await.unwrap().unwrap().status();
        while next().await != ServingStatus::NotServing {}
        condition.ready();
        while next().await != ServingStatus::Serving {}

        let one = HealthCheckRequest { service: "models/one".into() };
        assert_eq!(client.check(one).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
}
