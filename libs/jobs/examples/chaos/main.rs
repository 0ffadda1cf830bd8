//! `./just chaos jobs`: everything that can go wrong does, for minutes, and no job is lost and none published twice.
//!
//! Producers enqueue jobs while workers, which are processes of their own, run them; meanwhile workers are killed, stopped
//! (some for longer than their lease), told to end, their connections cut, and Redis is killed, restarted and frozen. The
//! queue's real client, heart and timings are used throughout. What each run does is written to a file by the worker
//! that does it, and in the end the files are judged against what Redis says.
//!
//! Redis keeps an append-only file with `appendfsync always`. With `everysec` it would answer before a change is
//! written, whenever a sync to disk is under way, so that a job that was promised could be gone after a kill.

#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers")]

mod faults;
mod judge;
mod outages;
mod producers;
mod record;
mod setting;
mod team;
mod worker;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};

use self::{faults::Faults, judge::Judge, team::Team};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Do it all.
    Run(Run),
    /// A worker, which `run` starts.
    Worker(worker::Orders),
}

#[derive(clap::Args)]
struct Run {
    /// How long jobs come and things go wrong.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    #[arg(long, default_value_t = 100_000)]
    jobs: usize,
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Decides which faults come when, and how long each job takes.
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the workers' records here.
    #[arg(long)]
    records: Option<PathBuf>,
}

/// For what is still to be done when nothing goes wrong any more: the longest job, its lease, and some more.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().role {
        Role::Run(run) => run.run().await,
        Role::Worker(orders) => {
            worker::Worker::new(&orders).serve().await;
            ExitCode::SUCCESS
        }
    }
}

impl Run {
    async fn run(self) -> ExitCode {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
        let time = Duration::from_secs_f64(self.minutes * 60.0);
        println!(
            "chaos: {} jobs in {:.1} minutes, {} workers, seed {seed}",
            self.jobs, self.minutes, self.workers
        );
        let folder = tempfile::tempdir().unwrap();
        let records = self.records.clone().unwrap_or_else(|| folder.path().to_owned());
        std::fs::create_dir_all(&records).unwrap();
        let redis = testkit::Redis::durable().unwrap();
        let queue = setting::queue(&redis.url());
        setting::set_limits(&queue).await;

        let begin = Instant::now();
        let team = Team::start(&redis.url(), &records, self.workers);
        let faults = Faults::new(seed, redis, team);
        // Producing ends a little earlier, so that faults meet the last jobs too.
        let producing = producers::produce(&queue, self.jobs, time.mul_f64(0.95), seed);
        let (submitted, mut faults) = tokio::join!(producing, faults.strike(time));
        println!("{}", faults.told());
        let left = setting::wait_until_idle(&queue, PATIENCE).await;
        println!(
            "the queue was empty {:.0} s after the last fault",
            begin.elapsed().saturating_sub(time).as_secs_f64()
        );
        faults.team.end().await;
        let judge = Judge::new(&records, &submitted, &faults);
        let verdict = judge.judge(&queue, left).await;
        println!("{verdict}");
        if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
