//! Whether a graph has the inputs and outputs that this engine binds, as the manifest describes them.

use models::Decoder;
use ort::{
    session::Session,
    value::{Outlet, TensorElementType, ValueType},
};

/// What differs between the graphs that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) layers: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// Element type of the key/value cache.
    pub(super) cache_type: TensorElementType,
    /// Bytes of one element of it.
    pub(super) cache_bytes: usize,
    /// Whether `logits` has a dimension for the (one) token between those for rows and scores.
    pub(super) logits_by_token: bool,
    /// Whether `total_sequence_length` is a vector of one rather than a scalar.
    pub(super) total_is_vector: bool,
}

impl Signature {
    /// Reads it off a session, or says what is wrong with the graph.
    pub(super) fn read(session: &Session, decoder: &Decoder) -> Result<Self, String> {
        let inputs = Outlets { kind: "input", all: session.inputs() };
        let outputs = Outlets { kind: "output", all: session.outputs() };
        let cache_shape = [-1, i64::from(decoder.kv_heads), -1, i64::from(decoder.head_dim)];

        inputs.expect("input_ids", TensorElementType::Int64, &[&[-1, -1]])?;
        inputs.expect("seqlens_k", TensorElementType::Int32, &[&[-1]])?;
        let total = inputs.expect("total_sequence_length", TensorElementType::Int32, &[&[], &[1]])?;
        let vocabulary = i64::from(decoder.vocabulary);
        let logits = outputs.expect(
            "logits",
            TensorElementType::Float32,
            &[&[-1, vocabulary], &[-1, 1, vocabulary]],
        )?;

        let cache_type = inputs.element_type("past_key_values.0.key")?;
        for (past, present) in (0..decoder.layers as usize).flat_map(cache_names) {
            inputs.expect(&past, cache_type, &[&cache_shape])?;
            outputs.expect(&present, cache_type, &[&cache_shape])?;
        }
        inputs.count(3 + 2 * decoder.layers as usize)?;
        outputs.count(1 + 2 * decoder.layers as usize)?;
        Ok(Self {
            layers: decoder.layers as usize,
            kv_heads: decoder.kv_heads as usize,
            head_dim: decoder.head_dim as usize,
            cache_type,
            cache_bytes: cache_bytes(cache_type)?,
            logits_by_token: logits.len() == 3,
            total_is_vector: total.len() == 1,
        })
    }
}

/// The names of a layer's cache: past and present, of the keys and of the values.
pub(super) fn cache_names(layer: usize) -> [(String, String); 2] {
    ["key", "value"]
        .map(|part| (format!("past_key_values.{layer}.{part}"), format!("present.{layer}.{part}")))
}

fn cache_bytes(element: TensorElementType) -> Result<usize, String> {
    match element {
        TensorElementType::Float32 => Ok(4),
        TensorElementType::Float16 | TensorElementType::Bfloat16 => Ok(2),
        other => {
            Err(format!("its key/value cache has elements of type {other}; float32 or float16 is expected"))
        }
    }
}

struct Outlets<'a> {
    kind: &'static str,
    all: &'a [Outlet],
}

impl<'a> Outlets<'a> {
    fn tensor(&self, name: &str) -> Result<(TensorElementType, &'a [i64]), String> {
        let Some(outlet) = self.all.iter().find(|outlet| outlet.name() == name) else {
            return Err(format!("it has no {} `{name}`; was it made by `ondol model import`?", self.kind));
        };
        match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => Ok((*ty, shape)),
            _ => Err(format!("its {} `{name}` is not a tensor", self.kind)),
        }
    }

    fn element_type(&self, name: &str) -> Result<TensorElementType, String> {
        self.tensor(name).map(|(element, _)| element)
    }

    /// The shape of `name`, which has one of `shapes`; -1 on either side stands for any size.
    fn expect(&self, name: &str, element: TensorElementType, shapes: &[&[i64]]) -> Result<&'a [i64], String> {
        let (found_element, found) = self.tensor(name)?;
        let fits = |wanted: &&[i64]| {
            let sizes = || found.iter().zip(wanted.iter());
            found.len() == wanted.len() && sizes().all(|(a, b)| a == b || *a < 0 || *b < 0)
        };
        if found_element == element && shapes.iter().any(fits) {
            return Ok(found);
        }
        let wanted: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
        Err(format!(
            "its {} `{name}` is {found_element} {found:?}; {element} {} is expected",
            self.kind,
            wanted.join(" or "),
        ))
    }

    fn count(&self, expected: usize) -> Result<(), String> {
        match self.all.len() {
            found if found == expected => Ok(()),
            found => Err(format!("it has {found} {}s, {expected} are expected by its manifest", self.kind)),
        }
    }
}
