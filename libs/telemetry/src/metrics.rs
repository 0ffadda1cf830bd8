//! What every process measures, and how it is read.

mod build;
mod exposition;
mod process;

pub use build::register_build;
pub use exposition::{CONTENT_TYPE, exposition};
pub use process::register_process;

/// Histogram edges for the duration of a call, in seconds. 0.8 and 1.0 are edges exactly: the objective and the
/// alert stand there, and a quantile is only as good as the edges around it.
pub const CALL_SECONDS: [f64; 17] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
