//! What `up` prints once the stack is ready: where everything is, and what to type next.

use std::{
    borrow::Cow,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, absolute},
};

use rpc::ServerCertificate;
use runtime::Life;

use crate::{
    client::{DEFAULT_SERVER, is_here},
    folders::DevelopmentKeyFile,
    stack::{ServedTls, Stack},
};

/// Who types the lines, and with which key.
pub(super) struct Caller {
    /// How this program is called.
    pub(super) program: String,
    pub(super) key: String,
    pub(super) key_file: DevelopmentKeyFile,
}

/// Prints it. A reader of standard output that went away is no reason to end the stack.
pub(super) fn print(stack: &Stack, caller: &Caller, life: &Life) -> anyhow::Result<()> {
    let models = stack.inference.models();
    let admin =
        life.admin_addr().map(|admin| format!("  admin    http://{admin}/metrics  /livez  /readyz\n"));
    let door = Door::new(stack.api, stack.tls.as_ref())?;
    let text = format!(
        "\nOndol is up.\n\n  api      {address}  gRPC{tls}, with reflection; JSON, with /openapi.json\n  mcp      http://{mcp}/mcp  Model Context Protocol\n\
         {admin}  models   {models}\n  key      {key}\n\n\
         Type in another terminal:\n\n{lines}\nCtrl-C finishes what runs and ends.\n\n",
        address = stack.api,
        mcp = stack.mcp,
        tls = door.tls.as_ref().map_or("", |tls| if tls.mutual { " over mutual TLS" } else { " over TLS" }),
        admin = admin.unwrap_or_default(),
        lines = lines(&door, models.first().map_or("MODEL", String::as_str), caller),
        models = models.join(", "),
        key = caller.key,
    );
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Where callers come in.
struct Door {
    /// Host and port.
    server: String,
    tls: Option<Tls>,
}

/// What callers need for TLS.
struct Tls {
    /// The file of the authority, where it is known: that of the certificate itself, if nothing else is needed to trust
    /// it. Otherwise only the user knows.
    authority: Option<String>,
    /// Whether they must show a certificate of their own, which only the user knows.
    mutual: bool,
}

impl Door {
    fn new(address: SocketAddr, tls: Option<&ServedTls>) -> anyhow::Result<Self> {
        let reached = reached(address);
        let Some(ServedTls { certificate: file, mutual }) = tls else {
            return Ok(Self { server: reached.to_string(), tls: None });
        };
        let certificate = ServerCertificate::read(file)?;
        let authority =
            certificate.is_its_own_authority().then(|| absolute(file)).transpose()?.as_deref().map(word);
        // Many a certificate for this machine is made out to its name only.
        let by_name = reached.ip().is_loopback()
            && !certificate.names(&reached.ip().to_string())
            && certificate.names("localhost");
        let server = if by_name { format!("localhost:{}", reached.port()) } else { reached.to_string() };
        Ok(Self { server, tls: Some(Tls { authority, mutual: *mutual }) })
    }
}

/// The lines to copy. Where they need a file that only the user knows, they name a placeholder.
fn lines(door: &Door, model: &str, caller: &Caller) -> String {
    let question = "Explain in two sentences what a database index is.";
    let request = format!(r#"{{"model":"{model}","messages":[{{"role":"user","text":"{question}"}}]}}"#);
    let (program, flags) = (&caller.program, flags(door, caller));
    let transport =
        door.tls.as_ref().map_or_else(|| " -plaintext".into(), |tls| tls.flags("-cacert", "-cert", "-key"));
    let mut lines = format!(
        "  grpcurl{transport} -H \"authorization: Bearer {key}\" -d '{request}' {server} \
         ondol.inference.v1.InferenceService/StreamGenerateText\n  \
         {program} generate{flags} \"{question}\"\n  {program} chat{flags}\n  \
         {program} jobs submit generate{flags} --max-tokens 400 --watch \"Write a long story about a lighthouse.\"\n  {program} tools list{flags}\n",
        key = caller.key,
        server = door.server,
    );
    if let Some(tls) = &door.tls {
        lines.push_str(&tls.placeholders());
    }
    lines
}

/// What a client needs to be told where the stack is not where clients look by themselves, or where they send no key
/// unless they are given one: to other machines, and beside a certificate.
fn flags(door: &Door, caller: &Caller) -> String {
    let scheme = if door.tls.is_some() { "https" } else { "http" };
    let server = format!("{scheme}://{}", door.server);
    let mut flags = String::new();
    if server != DEFAULT_SERVER {
        flags = format!(" --server {server}");
    }
    if let Some(tls) = &door.tls {
        flags.push_str(&tls.flags("--tls-ca", "--tls-cert", "--tls-key"));
    }
    let is_mutual = door.tls.as_ref().is_some_and(|tls| tls.mutual);
    if is_mutual || !server.parse().is_ok_and(|server| is_here(&server)) {
        flags = format!("{flags} --api-key {}", caller.key);
    } else if !caller.key_file.is_default() {
        flags = format!("{flags} --key-file {}", word(&caller.key_file.path));
    }
    flags
}

impl Tls {
    /// The files as a program takes them by these flags.
    fn flags(&self, authority: &str, certificate: &str, key: &str) -> String {
        let mut flags = format!(" {authority} {}", self.authority.as_deref().unwrap_or("CA.pem"));
        if self.mutual {
            flags = format!("{flags} {certificate} CLIENT.pem {key} CLIENT.key");
        }
        flags
    }

    /// What the placeholders in the lines stand for.
    fn placeholders(&self) -> String {
        let mut text = String::new();
        if self.authority.is_none() {
            text.push_str("\nCA.pem is the authority that signed the certificate of --tls-cert.\n");
        }
        if self.mutual {
            text.push_str(
                "\nCLIENT.pem is a certificate that the authority of --tls-client-ca signed, CLIENT.key its key.\n",
            );
        }
        text
    }
}

/// The address as one that can be called: every interface is reached through the loopback one.
fn reached(address: SocketAddr) -> SocketAddr {
    let here = SocketAddr::from(([127, 0, 0, 1], address.port()));
    if address.ip().is_unspecified() { here } else { address }
}

/// A path as one word of a shell.
fn word(path: &Path) -> String {
    let text: Cow<'_, str> = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn caller() -> Caller {
        Caller { program: "ondol".into(), key: "KEY".into(), key_file: DevelopmentKeyFile::default() }
    }

    fn plain(address: &str) -> Door {
        Door::new(address.parse().unwrap(), None).unwrap()
    }

    fn over_tls(authority: Option<&str>, mutual: bool) -> Door {
        let tls = Tls { authority: authority.map(Into::into), mutual };
        Door { server: "127.0.0.1:50051".into(), tls: Some(tls) }
    }

    #[test]
    fn clients_are_told_of_every_place_but_the_usual_one() {
        for (address, expected) in [
            ("127.0.0.1:50051", ""),
            ("0.0.0.0:50051", ""),
            ("0.0.0.0:50061", " --server http://127.0.0.1:50061"),
            ("[::1]:50051", " --server http://[::1]:50051"),
            ("192.0.2.7:50051", " --server http://192.0.2.7:50051 --api-key KEY"),
        ] {
            assert_eq!(flags(&plain(address), &caller()), expected);
        }
        let key_file = DevelopmentKeyFile { path: "/my keys/it's one".into() };
        let elsewhere = Caller { key_file, ..caller() };
        assert_eq!(flags(&plain("127.0.0.1:50051"), &elsewhere), r" --key-file '/my keys/it'\''s one'");
    }

    #[test]
    fn over_tls_every_line_says_so() {
        let lines = lines(&over_tls(None, false), "stub", &caller());
        assert!(lines.contains("grpcurl -cacert CA.pem -H") && !lines.contains("-plaintext"), "{lines}");
        assert_eq!(lines.matches("--server https://127.0.0.1:50051 --tls-ca CA.pem").count(), 4, "{lines}");
        assert!(lines.contains("CA.pem is the authority") && !lines.contains("CLIENT"), "{lines}");
    }

    #[test]
    fn with_mutual_tls_every_line_shows_a_certificate() {
        let lines = lines(&over_tls(Some("/etc/server.pem"), true), "stub", &caller());
        assert!(
            lines.contains("grpcurl -cacert /etc/server.pem -cert CLIENT.pem -key CLIENT.key -H"),
            "{lines}"
        );
        let flags = "--tls-ca /etc/server.pem --tls-cert CLIENT.pem --tls-key CLIENT.key --api-key KEY";
        assert_eq!(lines.matches(flags).count(), 4, "{lines}");
        assert!(lines.contains("CLIENT.pem is a certificate") && !lines.contains("CA.pem"), "{lines}");
    }

    #[test]
    fn a_certificate_that_signs_itself_is_named_with_the_host_it_is_made_out_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.pem");
        let door = |host: &str| {
            let pair = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
            fs::write(&file, pair.cert.pem()).unwrap();
            let tls = ServedTls { certificate: file.clone(), mutual: false };
            Door::new("0.0.0.0:50051".parse().unwrap(), Some(&tls)).unwrap()
        };
        let by_name = door("localhost");
        assert_eq!(by_name.server, "localhost:50051");
        assert_eq!(by_name.tls.unwrap().authority, Some(word(&file)));
        assert_eq!(door("127.0.0.1").server, "127.0.0.1:50051");
        assert_eq!(door("ondol.example").server, "127.0.0.1:50051");
    }
}
