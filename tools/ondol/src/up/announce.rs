//! What `up` prints once the stack is ready: where everything is, and what to type next.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use runtime::Life;

use crate::{client::DEFAULT_SERVER, folders::DevelopmentKeyFile, stack::Stack};

/// Prints it. A reader of standard output that went away is no reason to end the stack.
pub(super) fn print(stack: &Stack, key: &str, key_file: &DevelopmentKeyFile, life: &Life) {
    let models = stack.inference.models();
    let admin =
        life.admin_addr().map(|admin| format!("  admin    http://{admin}/metrics  /livez  /readyz\n"));
    let door = Door { address: stack.api, secure: stack.secure };
    let text = format!(
        "\nOndol is up.\n\n  api      {address}  gRPC{tls}, with reflection\n{admin}  models   {models}\n  key      {key}\n\n\
         Type in another terminal:\n\n{lines}\nCtrl-C finishes what runs and ends.\n\n",
        address = door.address,
        tls = if door.secure { " over TLS" } else { "" },
        admin = admin.unwrap_or_default(),
        lines = lines(door, models.first().map_or("MODEL", String::as_str), key, key_file),
        models = models.join(", "),
    );
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Where callers come in.
#[derive(Clone, Copy)]
struct Door {
    address: SocketAddr,
    secure: bool,
}

/// The lines to copy. Over TLS they name a file that only the user knows: the authority of the certificate.
fn lines(door: Door, model: &str, key: &str, key_file: &DevelopmentKeyFile) -> String {
    let question = "Explain in two sentences what a database index is.";
    let request = format!(r#"{{"model":"{model}","messages":[{{"role":"user","text":"{question}"}}]}}"#);
    let (program, flags) = (program(), flags(door, key_file));
    let transport = if door.secure { "-cacert CA.pem" } else { "-plaintext" };
    let mut lines = format!(
        "  grpcurl {transport} -H \"authorization: Bearer {key}\" -d '{request}' {} \
         ondol.inference.v1.InferenceService/StreamGenerateText\n  \
         {program} generate{flags} \"{question}\"\n  {program} chat{flags}\n",
        reached(door.address),
    );
    if door.secure {
        lines.push_str("\nCA.pem is the authority that signed the certificate of --tls-cert.\n");
    }
    lines
}

/// What a client needs to be told where the stack is not where clients look by themselves.
fn flags(door: Door, key_file: &DevelopmentKeyFile) -> String {
    let scheme = if door.secure { "https" } else { "http" };
    let server = format!("{scheme}://{}", reached(door.address));
    let mut flags = String::new();
    if server != DEFAULT_SERVER {
        flags = format!(" --server {server}");
    }
    if door.secure {
        flags.push_str(" --tls-ca CA.pem");
    }
    if !key_file.is_default() {
        flags = format!("{flags} --key-file {}", key_file.path.display());
    }
    flags
}

/// The address as one that can be called: every interface is reached through the loopback one.
fn reached(address: SocketAddr) -> SocketAddr {
    let here = SocketAddr::from(([127, 0, 0, 1], address.port()));
    if address.ip().is_unspecified() { here } else { address }
}

/// How this program was called, so that the lines work when they are copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "ondol".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(address: &str, secure: bool) -> Door {
        Door { address: address.parse().unwrap(), secure }
    }

    #[test]
    fn clients_are_told_of_every_place_but_the_usual_one() {
        let usual = DevelopmentKeyFile::default();
        for (address, expected) in [
            ("127.0.0.1:50051", ""),
            ("0.0.0.0:50051", ""),
            ("0.0.0.0:50061", " --server http://127.0.0.1:50061"),
            ("192.0.2.7:50051", " --server http://192.0.2.7:50051"),
        ] {
            assert_eq!(flags(door(address, false), &usual), expected);
        }
    }

    #[test]
    fn over_tls_every_line_says_so() {
        let lines = lines(door("127.0.0.1:50051", true), "stub", "KEY", &DevelopmentKeyFile::default());
        assert!(lines.contains("grpcurl -cacert CA.pem") && !lines.contains("-plaintext"), "{lines}");
        assert_eq!(lines.matches("--server https://127.0.0.1:50051 --tls-ca CA.pem").count(), 2, "{lines}");
    }
}
