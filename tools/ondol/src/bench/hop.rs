//! What `./just bench hop` and `./just bench load` put around the systems that they measure: a model that only waits, and
//! callers. `bench/hop` starts them, the systems between them, and reads what those use.

mod chance;
mod clock;
pub(super) mod drive;
pub(super) mod stub;

/// The model that only waits.
const MODEL: &str = "stub";
