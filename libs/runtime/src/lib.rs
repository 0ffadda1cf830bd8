//! The life of a process: arguments, start, readiness, signals, drain, exit code.
//!
//! A service's `main` is one call of [`run`]. It parses the service's own arguments together with [`Arguments`],
//! starts logs and traces, opens the admin port, and hands the service a [`Life`]. The service binds and builds
//! everything that can fail, spawns its tasks on the life, and returns; then the process lives until a signal, a
//! failed task or its own wish ends it, and drains.
//!
//! - [`Life`] is what a component holds: it spawns named tasks, owns readiness conditions and a metrics registry, and
//!   learns from it when to drain. [`Life::component`] makes room for several services in one process.
//! - [`Readiness`] is one condition of being ready; `/readyz` names those that do not hold.
//! - [`launch`] is `run` for a program that parses its arguments itself; [`Supervisor`] is the same life under given
//!   [`Signals`], for tests.
//! - [`listen`] opens a port, or says which flag would move it.
//! - [`with_negative_numbers`] lets flags say themselves what is wrong with a negative number.
//! - [`with_variable`] gives the process a variable that a library wants, before anything else runs.
//!
//! What happens at the end, in order: not ready at once; the drain delay passes, while load balancers look away;
//! components drain, the last started first, each finishing what runs; at the end of the grace what still runs is
//! dropped. A second signal ends the process at once.
//!
//! Every program that links this crate takes its memory from mimalloc.
//!
//! This crate must never know about gRPC, a model or a service.

mod admin;
mod arguments;
mod error;
mod life;
mod listen;
mod memory;
mod negative;
mod readiness;
mod run;
mod signals;
mod supervisor;
mod tasks;
mod tls;
mod variable;

pub use arguments::Arguments;
pub use error::{BoxError, RuntimeError};
pub use life::Life;
pub use listen::{Flag, listen};
pub use negative::with_negative_numbers;
pub use readiness::{Readiness, ReadinessChanges};
pub use run::{Service, launch, run};
pub use signals::{Signal, Signals};
pub use supervisor::{Exit, Supervisor};
pub use tasks::TaskOutput;
pub use tls::install_crypto_provider;
pub use variable::with_variable;
