//! The methods that a server knows, so that labels stay bounded.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use http::Method;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use crate::{RpcError, step::Request};

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

/// The served methods by their path, and the patterns of plain HTTP paths.
#[derive(Clone, Debug)]
pub struct Methods {
    by_path: Arc<HashMap<String, MethodName>>,
    patterns: Arc<[&'static str]>,
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
        let other = MethodName::new("other", "other");
        Ok(Self { by_path: Arc::new(by_path), patterns: Arc::default(), other })
    }

    /// Adds the patterns of plain HTTP paths, such as `/generated/{job}/{artifact}`.
    #[must_use]
    pub fn with_paths(mut self, patterns: &[&'static str]) -> Self {
        self.patterns = patterns.into();
        self
    }

    /// Whether this is the path of a method of gRPC.
    pub(crate) fn is_method(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The name of a call for people: its path, or `GET /generated/{job}/{artifact}`.
    pub(crate) fn shown<'a>(&self, request: &'a Request) -> Cow<'a, str> {
        let path = request.uri().path();
        // Most calls are calls of methods, and no pattern has such a path.
        let pattern = if self.is_method(path) { None } else { self.pattern(path) };
        pattern.map_or(path.into(), |pattern| plain(request.method(), pattern).into())
    }

    /// The labels of a call; `other` for one that is not served.
    pub(super) fn name(&self, request: &Request) -> MethodName {
        let path = request.uri().path();
        if let Some(name) = self.by_path.get(path) {
            return name.clone();
        }
        let pattern = self.pattern(path);
        pattern.map_or_else(
            || self.other.clone(),
            |pattern| MethodName::new("http", &plain(request.method(), pattern)),
        )
    }

    fn pattern(&self, path: &str) -> Option<&'static str> {
        self.patterns.iter().copied().find(|pattern| fits(pattern, path))
    }
}

/// Anybody can send a method of any name, so only known ones have one.
fn plain(method: &Method, pattern: &str) -> String {
    let known = [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE, Method::OPTIONS];
    let method = known.iter().find(|known| *known == method).map_or("OTHER", Method::as_str);
    format!("{method} {pattern}")
}

/// Whether each segment of the path is the pattern's, or stands where that has `{}`.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
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
    use tonic::body::Body;

    use super::Methods;
    use crate::step::Request;

    fn request(method: &str, path: &str) -> Request {
        let uri = http::Uri::builder().path_and_query(path).build().unwrap_or_default();
        http::Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
    }

    #[test]
    fn plain_paths_are_named_by_their_pattern() {
        let methods = Methods::described_by([]).unwrap().with_paths(&["/a/{b}/{c}"]);
        for (method, path, named) in [
            ("GET", "/a/1/2", "GET /a/{b}/{c}"),
            ("HEAD", "/a/1/2?q", "HEAD /a/{b}/{c}"),
            ("BREW", "/a//2", "OTHER /a/{b}/{c}"),
        ] {
            let request = request(method, path);
            let name = methods.name(&request);
            assert_eq!((name.service.as_str(), name.method.as_str()), ("http", named));
            assert_eq!(methods.shown(&request), named);
        }
        for path in ["/a/1", "/a/1/2/3", "/b/1/2"] {
            let request = request("GET", path);
            assert_eq!(methods.name(&request).service.as_str(), "other", "{path}");
            assert_eq!(methods.shown(&request), path);
        }
    }

    #[test]
    fn only_described_methods_have_labels() {
        let methods = Methods::described_by([tonic_health::pb::FILE_DESCRIPTOR_SET]).unwrap();
        let check = methods.name(&request("POST", "/grpc.health.v1.Health/Check"));
        assert_eq!((check.service.as_str(), check.method.as_str()), ("grpc.health.v1.Health", "Check"));
        for path in ["/grpc.health.v1.Health/Chuck", "/x.Y/Check", "", "/", "//"] {
            assert_eq!(methods.name(&request("POST", path)).service.as_str(), "other", "{path:?}");
        }
    }

    #[test]
    fn a_broken_descriptor_is_an_error() {
        assert!(Methods::described_by([&b"not a descriptor"[..]]).is_err());
    }
}
