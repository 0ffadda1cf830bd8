//! Writing ONNX, the file format of models, as far as our importers need it.
//!
//! A [`Graph`] is built node by node. Its large tensors go to a file of their own as they come (ONNX calls that
//! external data), so that no weight stays in memory; small ones stand in the graph itself.
//!
//! This module knows the format, and no architecture.

mod graph;
mod node;
mod proto;

pub(crate) use graph::{Dimension, Element, Graph};
pub(crate) use node::Node;
