//! Ondol's side of `./just bench queue`; bench/queue/run.py starts it, as it starts the others.
//!
//! A step prepares itself, prints `ready`, waits for a line, does its work, and prints what came of it as JSON. Between
//! the line and the answer the driver looks at Redis's and everybody's processor time.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

mod ceiling;
mod steps;
mod worker;

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// The server, as `redis://127.0.0.1:port`; what is in it is the driver's business.
    #[arg(long)]
    url: String,
    #[arg(long, value_enum)]
    step: Step,
    /// Jobs that are measured.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Jobs that run at once.
    #[arg(long, default_value_t = 10)]
    concurrency: u32,
    /// Jobs that wait before and after.
    #[arg(long, default_value_t = 0)]
    waiting: usize,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Step {
    /// Enqueue, one call after the other.
    Enqueue,
    /// Enqueue, a hundred in a call.
    Bulk,
    /// Run everything that waits.
    Drain,
    /// Run what comes, one every few milliseconds, and tell how long each waited.
    Pickup,
    /// The scripts of a drain, without the client.
    Ceiling,
    /// Enqueue and drain, with others waiting all the time.
    Life,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let answer = match arguments.step {
        Step::Enqueue => steps::enqueue(&arguments).await,
        Step::Bulk => steps::bulk(&arguments).await,
        Step::Drain => steps::drain(&arguments).await,
        Step::Pickup => steps::pick_up(&arguments).await,
        Step::Ceiling => ceiling::run(&arguments).await,
        Step::Life => steps::life(&arguments).await,
    };
    println!("{answer}");
}

/// Tells the driver that all is prepared, and waits for its word.
fn wait_for_word() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
