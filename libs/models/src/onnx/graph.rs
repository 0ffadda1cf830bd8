//! A graph under construction, and its tensors.

use prost::Message;

use super::{
    node::Node,
    proto::{self, DataLocation, DimValue},
};
use crate::{ModelError, recorded_file::RecordedFile};

pub(super) const MICROSOFT: &str = "com.microsoft";

/// The newest version of the format that the pinned runtime and the older ones we accept can read.
const IR_VERSION: i64 = 10;
const OPERATOR_SET: i64 = 21;

/// External tensors begin at pages, so that the runtime can map each of them.
const PAGE: u64 = 4096;

/// The type of a tensor's elements, with its number in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F32 = 1,
    U8 = 2,
    I32 = 6,
    I64 = 7,
}

impl Element {
    fn bytes(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::F32 | Self::I32 => 4,
            Self::I64 => 8,
        }
    }
}

/// One dimension of an input or an output.
pub(crate) enum Dimension {
    /// Always this long.
    Size(u64),
    /// Chosen by each call; equal names are equal lengths.
    Named(&'static str),
}

/// A graph whose large tensors have already been written.
pub(crate) struct Graph {
    proto: proto::Graph,
    data: RecordedFile,
}

impl Graph {
    /// An empty graph; `data` takes the large tensors and must lie beside the file that will hold the graph.
    pub(crate) fn new(name: &str, data: RecordedFile) -> Self {
        Self { proto: proto::Graph { name: name.to_owned(), ..Default::default() }, data }
    }

    pub(crate) fn input(&mut self, name: &str, element: Element, shape: &[Dimension]) {
        self.proto.input.push(value_info(name, element, shape));
    }

    pub(crate) fn output(&mut self, name: &str, element: Element, shape: &[Dimension]) {
        self.proto.output.push(value_info(name, element, shape));
    }

    /// Appends a node; what it reads must be there already. Returns the name of its first output.
    pub(crate) fn add(&mut self, node: Node) -> String {
        let name = node.0.name.clone();
        self.proto.node.push(node.0);
        name
    }

    /// A small vector of integers, such as a shape.
    pub(crate) fn integers(&mut self, name: &str, values: &[i64]) {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.inline(name, Element::I64, values.len(), raw);
    }

    /// A small vector of floats, such as the weights of a norm.
    pub(crate) fn floats(&mut self, name: &str, values: &[f32]) {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.inline(name, Element::F32, values.len(), raw);
    }

    fn inline(&mut self, name: &str, element: Element, length: usize, raw: Vec<u8>) {
        self.proto.initializer.push(proto::Tensor {
            dims: vec![length as i64],
            data_type: element as i32,
            name: name.to_owned(),
            raw_data: Some(raw),
            ..Default::default()
        });
    }

    /// A large tensor: `write` must write exactly its bytes, row by row.
    pub(crate) fn external(
        &mut self,
        name: &str,
        element: Element,
        dims: &[u64],
        write: impl FnOnce(&mut RecordedFile) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.data.pad_to(PAGE)?;
        let offset = self.data.bytes();
        write(&mut self.data)?;
        let length = self.data.bytes() - offset;
        let expected = dims.iter().product::<u64>() * element.bytes();
        if length != expected {
            // Cannot happen while importers count rows as the header does; a wrong graph must not pass in silence.
            return Err(ModelError::Malformed {
                what: format!("the tensor {name} of the graph"),
                found: format!("{length} bytes"),
                expected: format!("{expected} bytes"),
            });
        }
        let pair = |key: &str, value: String| proto::Pair { key: key.to_owned(), value };
        self.proto.initializer.push(proto::Tensor {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: element as i32,
            name: name.to_owned(),
            external_data: vec![
                pair("location", self.data.name().to_owned()),
                pair("offset", offset.to_string()),
                pair("length", length.to_string()),
            ],
            data_location: DataLocation::External.into(),
            ..Default::default()
        });
        Ok(())
    }

    /// A large tensor of floats that are in memory.
    pub(crate) fn external_floats(
        &mut self,
        name: &str,
        dims: &[u64],
        values: &[f32],
    ) -> Result<(), ModelError> {
        self.external(name, Element::F32, dims, |out| out.write_floats(values))
    }

    /// Gives an external tensor another shape of as many elements: itself if the names are equal, otherwise a second
    /// tensor over the same bytes of the file.
    ///
    /// Operators disagree on the shape of quantised weights. Two tensors over one range of the file cost nothing: the
    /// runtime maps the range twice, and drops the one that it repacks.
    pub(crate) fn reshape(&mut self, name: &str, new_name: &str, dims: &[u64]) {
        let dims: Vec<i64> = dims.iter().map(|&dim| dim as i64).collect();
        let tensors = &mut self.proto.initializer;
        let Some(tensor) = tensors.iter_mut().find(|tensor| tensor.name == name) else { return };
        if name == new_name {
            tensor.dims = dims;
        } else {
            let twin = proto::Tensor { name: new_name.to_owned(), dims, ..tensor.clone() };
            tensors.push(twin);
        }
    }

    /// The encoded model, and the file of its large tensors.
    pub(crate) fn finish(self) -> (Vec<u8>, RecordedFile) {
        let set = |domain: &str, version| proto::OperatorSet { domain: domain.to_owned(), version };
        let model = proto::Model {
            ir_version: IR_VERSION,
            producer_name: "ondol".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.proto),
            opset_import: vec![set("", OPERATOR_SET), set(MICROSOFT, 1)],
        };
        (model.encode_to_vec(), self.data)
    }
}

fn value_info(name: &str, element: Element, shape: &[Dimension]) -> proto::ValueInfo {
    let dim = |dimension: &Dimension| proto::Dim {
        value: Some(match dimension {
            Dimension::Size(size) => DimValue::Size(*size as i64),
            Dimension::Named(name) => DimValue::Name((*name).to_owned()),
        }),
    };
    let shape = proto::Shape { dim: shape.iter().map(dim).collect() };
    let tensor = proto::TensorType { element: element as i32, shape: Some(shape) };
    proto::ValueInfo { name: name.to_owned(), kind: Some(proto::Type { tensor: Some(tensor) }) }
}
