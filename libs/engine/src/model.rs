//! The seam between the scheduler and whatever computes the scores.

use crate::EngineError;

/// What a loaded model can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Sequences that can be in the key/value pool at once.
    pub slots: usize,
    /// Tokens that one slot can cache: the longest sequence, prompt and output together.
    pub capacity: usize,
    /// Scores in one row; token ids are below this.
    pub vocabulary: usize,
}

/// A decoder with a pool of key/value slots.
///
/// The pool is the model's; which slot holds which sequence, and how many of its tokens are valid, is known only to
/// the caller, who says so in every call. Nothing may depend on what lies in a slot beyond those tokens. Rewinding a
/// sequence is passing a smaller length.
///
/// An error means that the pool cannot be trusted any more: the scheduler then ends everything.
pub trait DecoderModel: Send {
    /// What this model can hold; never changes.
    fn geometry(&self) -> Geometry;

    /// Appends `tokens` (at least one) to the `past` tokens that `slot` caches already.
    ///
    /// Returns one row of `vocabulary` scores, those for the token after the last one. The caller may change them.
    fn prefill(&mut self, slot: usize, tokens: &[u32], past: usize) -> Result<&mut [f32], EngineError>;

    /// Appends one token to each slot of the window that starts at `first_slot`: `tokens[r]` to slot
    /// `first_slot + r`, which caches `lengths[r]` tokens already.
    ///
    /// An idle row inside the window is written as well, at `lengths[r]`: its length must be that of the prefix that
    /// has to survive, 0 for a free slot.
    ///
    /// Returns `tokens.len()` rows of `vocabulary` scores. The caller may change them.
    fn decode(
        &mut self,
        first_slot: usize,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], EngineError>;

    /// Makes the first `length` tokens of slot `to` those of slot `from`.
    fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), EngineError>;
}
