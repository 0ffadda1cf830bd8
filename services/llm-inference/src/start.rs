//! From arguments to a served port.

use std::{net::SocketAddr, sync::Arc};

use engine::{Engine, Runtime};
use proto::inference::v1::inference_service_server::InferenceServiceServer;
use rpc::Trust;
use runtime::Life;
use service::{Door, Port, ServiceError};

use crate::{
    Arguments, InferenceError,
    catalogue::{Catalogue, Served},
    grpc::Inference,
    health,
    load::{Loaded, load},
};

/// The service, once it serves.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Where gRPC is served.
    pub address: SocketAddr,
    catalogue: Catalogue,
}

impl Serving {
    /// The ids of the models that are served.
    pub fn models(&self) -> Vec<String> {
        self.catalogue.all().map(|served| served.id().to_owned()).collect()
    }

    /// The engine of a model, for measurements beside the service.
    pub fn engine(&self, model: &str) -> Result<Engine, InferenceError> {
        Ok(self.catalogue.find(model)?.engine().clone())
    }
}

/// Loads ONNX Runtime and the models, then serves them until `life` drains.
pub async fn start(arguments: Arguments, life: Life) -> Result<Serving, InferenceError> {
    let library = arguments.engine.runtime.onnxruntime_library.clone();
    let runtime = tokio::task::spawn_blocking(move || Runtime::load(&library)).await??;
    start_on(runtime, arguments, life).await
}

/// The same on an ONNX Runtime that the process has loaded already; it can load only one.
///
/// A taken port or a wrong TLS file is found out before the weights are read; but the port is opened after, since a caller whose connection
/// waits unanswered is worse off than one that is refused.
pub async fn start_on(runtime: Runtime, arguments: Arguments, life: Life) -> Result<Serving, InferenceError> {
    service::check(arguments.listen, &arguments.server)?;
    let loading = arguments.clone();
    let loaded = tokio::task::spawn_blocking(move || load(&loading, &runtime)).await??;
    // The registry is locked only now: it must be readable while weights are read.
    let start =
        |loaded: Loaded| life.register(|registry| loaded.start(&arguments.engine.scheduler, registry));
    let models = loaded.into_iter().map(start).collect::<Result<_, _>>()?;
    serve_models(&arguments, models, &life)
}

/// Serves models that are at work already, such as stubs, until `life` drains.
pub fn serve_models(
    arguments: &Arguments,
    models: Vec<Served>,
    life: &Life,
) -> Result<Serving, InferenceError> {
    Ok(serve(open(arguments, life)?, models, life))
}

fn open(arguments: &Arguments, life: &Life) -> Result<Port, ServiceError> {
    let door = Door {
        listen: arguments.listen,
        arguments: &arguments.server,
        trust: Trust::Callers,
        descriptors: &[proto::DESCRIPTORS],
        paths: &[],
        public: None,
    };
    Port::open(&door, life)
}

fn serve(port: Port, models: Vec<Served>, life: &Life) -> Serving {
    let catalogue = Catalogue::new(models);
    let (address, health, limits) = (port.address(), port.health(), port.message_limits());
    for served in catalogue.all() {
        let following = health::follow(Arc::clone(served), health.clone(), life.clone());
        life.spawn(format!("model {}", served.id()), following);
    }
    let server = InferenceServiceServer::new(Inference::new(catalogue.clone()))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with(server).serve(life);
    Serving { address, catalogue }
}
