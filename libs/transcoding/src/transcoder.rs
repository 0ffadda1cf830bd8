//! All rpcs, and which of them a request is for.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ServiceDescriptor};
use serde_json::{Value, json};

use crate::{
    Limits, Rpc, TranscodingError,
    json::{is_known, value},
    request::Route,
    rule::{Binding, annotated, implied},
};

/// How many names an error lists.
const SHOWN: usize = 40;

/// What is served.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The full names of the services. None: all of them.
    pub services: Vec<String>,
    /// Whether every rpc is also served at `POST /package.Service/Method` with its whole message as JSON, as users of
    /// Connect and Twirp expect it. gRPC at the same paths is told by its `content-type`.
    pub every_rpc: bool,
    /// How much may be sent.
    pub limits: Limits,
}

/// Services as HTTP and JSON. Clones share it.
#[derive(Clone, Debug)]
pub struct Transcoder {
    known: Arc<Known>,
}

#[derive(Debug)]
struct Known {
    pool: DescriptorPool,
    /// The closest first.
    bindings: Vec<Arc<Binding>>,
    limits: Limits,
}

/// What a method and a path are.
#[derive(Clone, Debug)]
pub enum Found {
    /// A call of an rpc.
    Route(Route),
    /// A path that takes these methods only.
    OtherMethods(Vec<Method>),
    /// Nothing of ours.
    Nothing,
}

impl Transcoder {
    /// Reads an encoded `FileDescriptorSet` with its imports, and the `google.api.http` of each rpc. An annotation that
    /// cannot be served, and two that fit the same requests, are errors.
    pub fn new(descriptors: &[u8], scope: &Scope) -> Result<Self, TranscodingError> {
        let pool = DescriptorPool::decode(descriptors)?;
        let mut bindings = Vec::new();
        for method in chosen(&pool, &scope.services)?.iter().flat_map(ServiceDescriptor::methods) {
            let rpc = Rpc::new(method, scope.limits);
            bindings.extend(annotated(&rpc)?.into_iter().map(Arc::new));
            if scope.every_rpc {
                bindings.extend(implied(&rpc).map(Arc::new));
            }
        }
        bindings.sort_by(|a, b| a.template.closeness().cmp(&b.template.closeness()));
        refuse_twins(&bindings)?;
        Ok(Self { known: Arc::new(Known { pool, bindings, limits: scope.limits }) })
    }

    /// What a method and a path, percent-encoded as it came and without its query, are.
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let mut others = Vec::new();
        for binding in &self.known.bindings {
            let Some(values) = binding.template.capture(path) else { continue };
            if binding.method == *method {
                return Found::Route(Route { binding: Arc::clone(binding), values });
            }
            if !others.contains(&binding.method) {
                others.push(binding.method.clone());
            }
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
    }

    /// An rpc by its name, `package.Service/Method`; a slash before it and a dot within it will do. All rpcs of the
    /// descriptors are there, served or not.
    pub fn rpc(&self, name: &str) -> Result<Rpc, TranscodingError> {
        let wanted = name.trim_start_matches('/').replace('/', ".");
        let found = self.methods().find(|method| method.full_name() == wanted);
        found.map(|method| Rpc::new(method, self.known.limits)).ok_or_else(|| {
            let names: Vec<_> = self.rpcs().map(|rpc| rpc.path()[1..].to_owned()).take(SHOWN).collect();
            TranscodingError::NoRpc { name: name.chars().take(80).collect(), known: names.join(", ") }
        })
    }

    /// All rpcs of the descriptors.
    pub fn rpcs(&self) -> impl Iterator<Item = Rpc> + '_ {
        self.methods().map(|method| Rpc::new(method, self.known.limits))
    }

    /// How much may be sent.
    pub fn limits(&self) -> &Limits {
        &self.known.limits
    }

    /// A `google.protobuf.Any`, such as a detail of an error, as JSON with its `@type`; where the descriptors do not
    /// know it, its `value` is its bytes in base64.
    pub fn any(&self, type_url: &str, bytes: &[u8]) -> Value {
        let name = type_url.rsplit('/').next().unwrap_or_default();
        let message = self.known.pool.get_message_by_name(name);
        let message = message.and_then(|message| DynamicMessage::decode(message, bytes).ok());
        match message.and_then(|message| value(&message).ok()) {
            Some(Value::Object(mut fields)) if !is_known(name) => {
                fields.insert("@type".to_owned(), type_url.into());
                Value::Object(fields)
            }
            Some(value) => json!({"@type": type_url, "value": value}),
            None => json!({"@type": type_url, "value": BASE64_STANDARD.encode(bytes)}),
        }
    }

    pub(crate) fn pool(&self) -> &DescriptorPool {
        &self.known.pool
    }

    pub(crate) fn bindings(&self) -> &[Arc<Binding>] {
        &self.known.bindings
    }

    fn methods(&self) -> impl Iterator<Item = MethodDescriptor> + '_ {
        self.known.pool.services().flat_map(|service| service.methods().collect::<Vec<_>>())
    }
}

fn chosen(pool: &DescriptorPool, names: &[String]) -> Result<Vec<ServiceDescriptor>, TranscodingError> {
    if names.is_empty() {
        return Ok(pool.services().collect());
    }
    let service = |name: &String| {
        pool.get_service_by_name(name).ok_or_else(|| TranscodingError::NoService { name: name.clone() })
    };
    names.iter().map(service).collect()
}

/// Bindings that fit the same paths are neighbours.
fn refuse_twins(bindings: &[Arc<Binding>]) -> Result<(), TranscodingError> {
    let like = |a: &Arc<Binding>, b: &Arc<Binding>| a.template.is_like(&b.template);
    for group in bindings.chunk_by(like) {
        for (index, binding) in group.iter().enumerate() {
            let twin = group.iter().take(index).find(|twin| twin.method == binding.method);
            if let Some(twin) = twin {
                let problem = format!("{} fits the same {} requests", twin.rpc.full_name(), binding.method);
                return Err(TranscodingError::rule(binding.rpc.full_name(), problem));
            }
        }
    }
    Ok(())
}
