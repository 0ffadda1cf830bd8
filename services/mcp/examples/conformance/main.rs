//! A server for the conformance suite of the Model Context Protocol, for `./just conformance mcp`.
//!
//! It shows the suite's own tools, resources and prompts by the product's registry, policies, routes and server. Nothing here
//! speaks the protocol.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a server for tests alone")]

mod asking;
mod content;
mod long;
mod prompts;
mod resources;
mod script;

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use accounts::{KeyArguments, Keyring, Keys};
use axum::{extract::Request, middleware::Next, middleware::from_fn, response::Response};
use http::{HeaderValue, header::AUTHORIZATION};
use identity::Callers;
use mcp::{Faces, Prompt, ProtocolArguments, Resources};
use objects::{Folder, Objects};
use rpc::{ServerArguments, Trust};
use runtime::{BoxError, Life, Service};
use service::{Door, Port};
use sha2::{Digest, Sha256};
use tools::{Breakers, Metrics, Workshop};

const SERVICE: Service = Service {
    name: "conformance",
    version: env!("CARGO_PKG_VERSION"),
    commit: None,
    about: "A server for the conformance suite of the Model Context Protocol",
    admin_addr: "127.0.0.1:0",
    computes: false,
    logs: telemetry::Output::Stderr,
};
/// The suite has no key, and the product lets nobody in without one.
const KEY: &str = "the key of whoever comes without one";

#[derive(clap::Args, Debug)]
struct Arguments {
    /// Where tasks lie; in memory without it
    #[arg(long)]
    objects: Option<std::path::PathBuf>,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[command(flatten)]
    server: ServerArguments,
}

fn main() -> ExitCode {
    runtime::run(SERVICE, async |arguments: Arguments, life: Life| serve(arguments, life).await)
}

async fn serve(arguments: Arguments, life: Life) -> Result<(), BoxError> {
    let faces = Faces::default();
    let workshop = life.register(|registry| {
        let metrics = Metrics::register(registry);
        Workshop { breakers: Breakers::new(metrics.clone()), metrics, overflow: None }
    });
    let tools = content::tools().into_iter().chain(asking::tools()).chain(long::tools());
    let tools = tools.map(|script| script.mount(&workshop));
    let resources: Vec<Arc<dyn Resources>> = vec![Arc::new(resources::Fixtures)];
    let prompts: Vec<Arc<dyn Prompt>> = prompts::prompts();
    faces.show(tools.collect(), resources, prompts);

    let objects: Option<Arc<dyn Objects>> = match arguments.objects {
        Some(path) => Some(Arc::new(Folder::open(path).await?)),
        None => None,
    };
    let keys = KeyArguments {
        api_keys: vec![format!("suite:{}", hex::encode(Sha256::digest(KEY)))],
        ..KeyArguments::default()
    };
    // The suite also comes as a browser on this machine, which an operator would have to let in, too.
    let origins = vec!["http://localhost:*".to_owned(), "http://127.0.0.1:*".to_owned()];
    let protocol = ProtocolArguments { origins, tasks: 1000, ..ProtocolArguments::default() };
    let routes = mcp::routes(
        &faces,
        objects,
        Callers::of_keys(Keyring::of_file(Keys::load(&keys)?)),
        &protocol,
        &life,
    )
    .await?;
    let door = Door {
        listen: arguments.listen,
        arguments: &arguments.server,
        trust: Trust::Callers,
        descriptors: &[],
        paths: &["/mcp"],
        public: None,
    };
    let port = Port::open(&door, &life)?.with_http(routes.layer(from_fn(with_key)));
    println!("http://{}/mcp", port.address());
    port.serve(&life);
    Ok(())
}

async fn with_key(mut request: Request, next: Next) -> Response {
    let bearer = HeaderValue::from_str(&format!("Bearer {KEY}")).unwrap();
    request.headers_mut().entry(AUTHORIZATION).or_insert(bearer);
    next.run(request).await
}
