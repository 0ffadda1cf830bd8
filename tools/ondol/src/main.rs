//! The command line of Ondol. `cli` lists the commands; each lives in a module of its name.
//!
//! This is the only crate that knows every service. It may print, and it may use anyhow; nothing depends on it.

mod cli;

mod artifact;
mod bench;
mod call;
mod chat;
mod completions;
mod generate;
mod jobs;
mod keys;
mod model;
mod queue;
mod smoke;
mod tools;
mod up;
mod webhooks;

mod answer;
mod ask;
mod client;
mod development_key;
mod each;
mod folders;
mod json;
mod misuse;
mod names;
mod output;
mod pages;
mod process;
mod process_stat;
mod progress;
mod stack;
mod table;
mod text;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::of_this_process().run()
}
