//! The whole stack with a real model, as a user has it: the program itself, its ports, its signals, its exit codes.
//!
//! Needs `ONDOL_TEST_MODELS`, a folder of models that holds smollm2-135m-instruct, and `ONDOL_ONNXRUNTIME_LIBRARY`.
//! Without the folder, what needs a model says that it was skipped.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
mod stack;

#[cfg(test)]
mod answering;
#[cfg(test)]
mod breaking;
#[cfg(test)]
mod call;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limiting;
#[cfg(test)]
mod pull;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod quiet;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tools;
