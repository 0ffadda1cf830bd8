//! What a body of events says when it ends badly.

use std::{fmt, sync::Arc};

use serde_json::Value;

/// An extension of a plain response whose body is made of events: makes the last one of an error, as
/// [`httpjson::error_document`] writes it. Without it a body that fails breaks off.
///
/// The error is whatever ended the body, be it the handler's own (as the error of its stream) or the deadline.
#[derive(Clone)]
pub struct LastWords(Arc<dyn Fn(&Value) -> String + Send + Sync>);

impl LastWords {
    /// Says what `say` makes of the error.
    pub fn new(say: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }

    pub(super) fn say(&self, document: &Value) -> String {
        (self.0)(document)
    }
}

impl fmt::Debug for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastWords")
    }
}
