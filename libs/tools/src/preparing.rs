//! The time before anybody is asked.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether a call still gets what it needs before its upstream is asked, such as credentials: a call that ends meanwhile says
/// nothing about the upstream. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Preparing(Arc<AtomicBool>);

impl Preparing {
    /// Waits for what is needed.
    pub async fn during<T>(&self, needed: impl Future<Output = T>) -> T {
        self.0.store(true, Ordering::Relaxed);
        let got = needed.await;
        self.0.store(false, Ordering::Relaxed);
        got
    }

    pub(crate) fn is_going_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
