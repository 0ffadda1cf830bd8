//! Imports a GGUF file into a store: `import FILE.gguf STORE [fp32|int8|int4] [NAME]`, and prints time and peak memory.

use std::{
    env, fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use fault::Chain;
use models::{
    ModelError, Precision, Store,
    import::{Options, import_gguf},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [source, store, rest @ ..] = arguments.as_slice() else {
        return say("usage: import FILE.gguf STORE [fp32|int8|int4] [NAME]", ExitCode::from(2));
    };
    match run(Path::new(source), store, rest) {
        Ok(summary) => say(&summary, ExitCode::SUCCESS),
        Err(error) => say(&Chain(&error).to_string(), ExitCode::FAILURE),
    }
}

fn say(line: &str, code: ExitCode) -> ExitCode {
    writeln!(io::stdout(), "{line}").map_or(ExitCode::FAILURE, |()| code)
}

fn run(source: &Path, store: &str, rest: &[String]) -> Result<String, ModelError> {
    let precision = match rest.first().map(String::as_str) {
        Some("fp32") => Some(Precision::Fp32),
        Some("int8") => Some(Precision::Int8),
        Some("int4") => Some(Precision::Int4),
        _ => None,
    };
    let options = Options { name: rest.get(1).cloned(), precision, replace: true };
    let before = peak_kib();
    let report = import_gguf(source, &Store::create(store)?, &options, &mut |_| ())?;
    Ok(format!(
        "{} ({:?}) in {:.2} s: {} bytes in, {} bytes out, peak memory {} KiB over {before} KiB",
        report.manifest.name,
        report.manifest.precision,
        report.seconds,
        report.bytes_in,
        report.bytes_out,
        peak_kib().saturating_sub(before),
    ))
}

/// The most memory that this process has had resident, in KiB; zero where the system does not tell.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
