//! The methods that a server knows, so that labels stay bounded.

use std::{collections::HashMap, sync::Arc};

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use crate::RpcError;

/// The two labels of a method.
#[derive(Clone, Debug)]
pub(super) struct MethodName {
    pub(super) service: Arc<String>,
    pub(super) method: Arc<String>,
}

impl MethodName {
    fn new(service: &str, method: &str) -> Self {
        Self { service: Arc::new(service.to_owned()), method: Arc::new(method.to_owned()) }
    }
}

/// The served methods by their path.
#[derive(Clone, Debug)]
pub struct Methods {
    by_path: Arc<HashMap<String, MethodName>>,
    other: MethodName,
}

impl Methods {
    /// Reads encoded `FileDescriptorSet`s, such as those that reflection serves.
    pub fn described_by<'a>(sets: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, RpcError> {
        let mut by_path = HashMap::new();
        for set in sets {
            let set = FileDescriptorSet::decode(set)?;
            let names = set.file.iter().flat_map(names_of);
            by_path.extend(names.map(|name| (format!("/{}/{}", name.service, name.method), name)));
        }
        Ok(Self { by_path: Arc::new(by_path), other: MethodName::new("other", "other") })
    }

    /// The labels of a path; `other` for one that is not served.
    pub(super) fn name(&self, path: &str) -> MethodName {
        self.by_path.get(path).unwrap_or(&self.other).clone()
    }
}

fn names_of(file: &FileDescriptorProto) -> impl Iterator<Item = MethodName> {
    file.service.iter().flat_map(|service| {
        let full_name = format!("{}.{}", file.package(), service.name());
        let full_name = full_name.trim_start_matches('.').to_owned();
        service.method.iter().map(move |method| MethodName::new(&full_name, method.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::Methods;

    #[test]
    fn only_described_methods_have_labels() {
        let methods = Methods::described_by([tonic_health::pb::FILE_DESCRIPTOR_SET]).unwrap();
        let check = methods.name("/grpc.health.v1.Health/Check");
        assert_eq!((check.service.as_str(), check.method.as_str()), ("grpc.health.v1.Health", "Check"));
        for path in ["/grpc.health.v1.Health/Chuck", "/x.Y/Check", "", "/", "//"] {
            assert_eq!(methods.name(path).service.as_str(), "other", "{path:?}");
        }
    }

    #[test]
    fn a_broken_descriptor_is_an_error() {
        assert!(Methods::described_by([&b"not a descriptor"[..]]).is_err());
    }
}
