//! From `main` to the exit code.

use std::{
    env,
    ffi::OsString,
    fmt,
    future::Future,
    io::{self, Write},
    num::NonZeroUsize,
    process::ExitCode,
    thread,
    time::Duration,
};

use clap::{Args, CommandFactory, FromArgMatches, Parser};
use fault::Chain;
use signal_hook::low_level;
use telemetry::{Guard, Identity, Output};
use tokio::{runtime::Builder, task::JoinSet};
use tracing::{error, warn};

use crate::{
    Arguments, BoxError, Exit, Life, RuntimeError, Signals, Supervisor, admin, tls::install_crypto_provider,
    with_negative_numbers,
};

/// How long the last spans, and then the last log lines, may take on their way out.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// What distinguishes one program from another before it has read its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The program's name, in its help, logs and traces: `llm-inference`.
    pub name: &'static str,
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// The commit that it was built from: `option_env!("ONDOL_COMMIT")`. A program says it and no library, so that a new
    /// commit compiles nothing but the programs again.
    pub commit: Option<&'static str>,
    /// One line of help.
    pub about: &'static str,
    /// The admin port's default address, its own for every service, so that they can share a laptop.
    pub admin_addr: &'static str,
    /// Whether the process computes on threads of its own, which asynchronous ones had better leave alone.
    pub computes: bool,
    /// Where log lines go: a service's to standard output, a command's to standard error.
    pub logs: Output,
}

impl Service {
    /// Threads for asynchronous code unless the arguments say otherwise. A wake-up that takes a processor from a thread
    /// that computes makes all those wait which compute with it: on two processors, two asynchronous threads instead of
    /// one cost a tenth of all tokens.
    fn workers(&self) -> usize {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        if self.computes { processors.div_ceil(4) } else { processors }
    }
}

/// Runs a service whose whole command line is its own arguments `A` and the process's [`Arguments`].
///
/// `start` binds, builds and spawns, then returns; an error from it ends the process. Exit codes: 0 when the service
/// ended well, 1 when it failed at start, while it ran or while it drained, 2 for wrong arguments, 128 + the signal's
/// number when a second signal cut it short.
pub fn run<A, S, F, E>(service: Service, start: S) -> ExitCode
where
    A: Args,
    S: FnOnce(A, Life) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    match parse(service, env::args_os()) {
        Ok(Cli { service: own, process }) => launch(service, &process, |life| start(own, life)),
        Err(refusal) => {
            // Help and version come this way too, with exit code 0. Without a terminal to tell, the code has to do.
            let _ = refusal.print();
            ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2))
        }
    }
}

/// Runs a program that has parsed its arguments, such as one subcommand of several.
pub fn launch<S, F, E>(service: Service, arguments: &Arguments, start: S) -> ExitCode
where
    S: FnOnce(Life) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    match try_launch(service, arguments, start) {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            // There is no log yet, and nobody to tell if standard error is gone as well.
            let _ = writeln!(io::stderr(), "{}: {}", service.name, Chain(&refusal));
            ExitCode::FAILURE
        }
    }
}

#[derive(Parser)]
struct Cli<A: Args> {
    #[command(flatten)]
    service: A,
    #[command(flatten)]
    process: Arguments,
}

fn parse<A: Args>(
    service: Service,
    line: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Cli<A>, clap::Error> {
    let command = Cli::<A>::command()
        .name(service.name)
        .version(service.version)
        .about(service.about)
        .mut_arg("admin_addr", |argument| argument.default_value(service.admin_addr));
    Cli::from_arg_matches(&with_negative_numbers(command).try_get_matches_from(line)?)
}

/// The order matters: the crypto provider before anything may open TLS, the runtime before telemetry, whose exporter
/// lives on it, and the flush while the runtime still runs.
fn try_launch<S, F, E>(service: Service, arguments: &Arguments, start: S) -> Result<Exit, RuntimeError>
where
    S: FnOnce(Life) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    install_crypto_provider();
    let runtime = Builder::new_multi_thread()
        .worker_threads(arguments.worker_threads.map_or_else(|| service.workers(), NonZeroUsize::get))
        .thread_name(service.name)
        .enable_all()
        .build()
        .map_err(RuntimeError::Executor)?;
    let identity = Identity { service: service.name, version: service.version, commit: service.commit };
    let guard = {
        let _entered = runtime.enter();
        telemetry::start(&arguments.telemetry, identity, service.logs)?
    };
    let exit = runtime.block_on(live(identity, arguments, &guard, start)).unwrap_or_else(|refusal| {
        error!("cannot start: {}", Chain(&refusal));
        Exit::Failed
    });
    flush(guard, exit);
    if exit != Exit::Completed {
        end_at_once(exit);
    }
    runtime.shutdown_background();
    Ok(exit)
}

/// Ends the process without running what libraries have left to run at its end. A thread that was not waited for may
/// be in the middle of a step of a model, and ONNX Runtime's own cleaning up would take the ground from under it.
fn end_at_once(exit: Exit) -> ! {
    // Nobody to tell if standard output is gone.
    let _ = io::stdout().flush();
    low_level::exit(i32::from(exit.code()))
}

async fn live<S, F, E>(
    identity: Identity,
    arguments: &Arguments,
    guard: &Guard,
    start: S,
) -> Result<Exit, RuntimeError>
where
    S: FnOnce(Life) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    // Before the first thing that takes time, so that a signal during a long start is heard.
    let signals = Signals::from_os()?;
    let life = Life::new();
    life.register(|registry| {
        telemetry::metrics::register_build(registry, identity);
        telemetry::metrics::register_process(registry);
        guard.register(registry);
    });
    // The admin port outlives the drain, to show it; dropping the set ends it.
    let mut admin = JoinSet::new();
    admin.spawn(admin::open(arguments.admin_addr, life.clone(), guard.log_control()).await?);
    let supervisor = Supervisor { life, signals, grace: arguments.grace, drain_delay: arguments.drain_delay };
    Ok(supervisor.run(start).await)
}

fn flush(guard: Guard, exit: Exit) {
    if matches!(exit, Exit::Aborted(_)) {
        // Whoever asks twice wants the process gone, not its last spans; dropping the guard would wait for them.
        std::mem::forget(guard);
    } else if let Err(lost) = guard.shutdown(FLUSH_LIMIT) {
        warn!("{}", Chain(&lost));
    }
}

impl<A: Args> fmt::Debug for Cli<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cli").field("process", &self.process).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, CommandFactory};

    use super::{Cli, Output, Service, parse};

    #[derive(Args)]
    struct Own {
        /// Where calls come in
        #[arg(long)]
        listen: Option<String>,
    }

    #[test]
    fn a_negative_number_is_told_by_its_flag_with_what_was_expected() {
        let service = Service {
            name: "own",
            version: "1",
            commit: None,
            about: "Tested",
            admin_addr: "127.0.0.1:0",
            computes: false,
            logs: Output::Stderr,
        };
        let line = |flags: &[&str]| {
            let read: Result<Cli<Own>, _> = parse(service, [&["own"], flags].concat());
            read.map(|cli| cli.service.listen).map_err(|error| error.to_string())
        };
        assert_eq!(line(&["--listen", "here"]), Ok(Some("here".to_owned())));
        let told = line(&["--worker-threads", "-5"]).unwrap_err();
        assert!(told.contains("--worker-threads") && told.contains("a whole number, 1 or more"), "{told}");
    }

    #[test]
    fn a_services_arguments_do_not_clash_with_the_processes() {
        Cli::<Own>::command().debug_assert();
    }
}
