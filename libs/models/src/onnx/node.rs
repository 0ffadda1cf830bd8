//! One operator of a graph.

use super::proto::{self, AttributeKind};

/// A node under construction; [`super::Graph::add`] takes it.
pub(crate) struct Node(pub(super) proto::Node);

impl Node {
    /// An operator of ONNX itself.
    pub(crate) fn standard(operator: &str) -> Self {
        Self(proto::Node { op_type: operator.to_owned(), ..Default::default() })
    }

    /// An operator of ONNX Runtime.
    pub(crate) fn microsoft(operator: &str) -> Self {
        Self(proto::Node {
            op_type: operator.to_owned(),
            domain: super::graph::MICROSOFT.to_owned(),
            ..Default::default()
        })
    }

    /// The inputs in the operator's order; an empty name is one left out.
    pub(crate) fn inputs(mut self, names: &[&str]) -> Self {
        self.0.input = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The outputs in the operator's order; an empty name is one left out. The first one names the node.
    pub(crate) fn outputs(mut self, names: &[&str]) -> Self {
        self.0.output = names.iter().map(|name| (*name).to_owned()).collect();
        self.0.name = self.0.output.first().cloned().unwrap_or_default();
        self
    }

    pub(crate) fn int(mut self, name: &str, value: u64) -> Self {
        self.attribute(name, AttributeKind::Int).int = Some(value as i64);
        self
    }

    /// The last axis, as negative numbers count from the end.
    pub(crate) fn last_axis(mut self) -> Self {
        self.attribute("axis", AttributeKind::Int).int = Some(-1);
        self
    }

    pub(crate) fn float(mut self, name: &str, value: f32) -> Self {
        self.attribute(name, AttributeKind::Float).float = Some(value);
        self
    }

    fn attribute(&mut self, name: &str, kind: AttributeKind) -> &mut proto::Attribute {
        let attribute = proto::Attribute { name: name.to_owned(), kind: kind.into(), ..Default::default() };
        self.0.attribute.push(attribute);
        let last = self.0.attribute.len() - 1;
        &mut self.0.attribute[last]
    }
}
