//! `ondol up`: the stack on this machine.

use std::{net::SocketAddr, process::ExitCode};

use clap::Args;
use runtime::{Life, Service};

use crate::{
    client::DEFAULT_SERVER,
    development_key,
    folders::DevelopmentKeyFile,
    stack::{Stack, StackArguments},
};

/// The stack's settings.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the api is served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    #[command(flatten)]
    key_file: DevelopmentKeyFile,
    #[command(flatten)]
    stack: StackArguments,
    #[command(flatten)]
    process: runtime::Arguments,
}

/// The program as the runtime knows it.
pub(crate) const SERVICE: Service = Service {
    name: "ondol",
    version: env!("CARGO_PKG_VERSION"),
    about: "The whole stack in one process",
    admin_addr: "127.0.0.1:9400",
    computes: true,
    logs: telemetry::Output::Stderr,
};

/// Runs until Ctrl-C.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let Arguments { listen, key_file, stack, process } = arguments;
    runtime::launch(SERVICE, &process, async |life: Life| -> anyhow::Result<()> {
        let key = development_key::read_or_make(&key_file.path)?;
        let stack = Stack::start(stack, listen, &key, &life).await?;
        print(&stack, &key, &key_file, &life);
        Ok(())
    })
}

/// Says where everything is and what to type next.
fn print(stack: &Stack, key: &str, key_file: &DevelopmentKeyFile, life: &Life) {
    let models = stack.inference.models();
    let model = models.first().map_or("MODEL", String::as_str);
    let address = stack.api;
    let request = format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","text":"Explain in two sentences what a database index is."}}]}}"#
    );
    println!("\nOndol is up.\n");
    println!("  api      {address}  gRPC, with reflection");
    if let Some(admin) = life.admin_addr() {
        println!("  admin    http://{admin}/metrics  /livez  /readyz");
    }
    println!("  models   {}", models.join(", "));
    println!("  key      {key}\n");
    println!("Type in another terminal:\n");
    println!(
        "  grpcurl -plaintext -H \"authorization: Bearer {key}\" -d '{request}' {address} \
         ondol.inference.v1.InferenceService/StreamGenerateText"
    );
    let (program, flags) = (program(), flags(address, key_file));
    println!("  {program} generate{flags} \"Explain in two sentences what a database index is.\"");
    println!("  {program} chat{flags}\n");
    println!("Ctrl-C finishes what runs and ends.\n");
}

/// What a client needs to be told where the stack is not where clients look by themselves.
fn flags(address: SocketAddr, key_file: &DevelopmentKeyFile) -> String {
    let mut flags = String::new();
    let here = SocketAddr::from(([127, 0, 0, 1], address.port()));
    let reached = if address.ip().is_unspecified() { here } else { address };
    if format!("http://{reached}") != DEFAULT_SERVER {
        flags = format!(" --server http://{reached}");
    }
    if !key_file.is_default() {
        flags = format!("{flags} --key-file {}", key_file.path.display());
    }
    flags
}

/// How this program was called, so that the lines work when they are copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "ondol".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_of_every_place_but_the_usual_one() {
        let usual = DevelopmentKeyFile::default();
        for (address, expected) in [
            ("127.0.0.1:50051", ""),
            ("0.0.0.0:50051", ""),
            ("0.0.0.0:50061", " --server http://127.0.0.1:50061"),
            ("192.0.2.7:50051", " --server http://192.0.2.7:50051"),
        ] {
            assert_eq!(flags(address.parse().unwrap(), &usual), expected);
        }
    }
}
