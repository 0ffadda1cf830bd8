//! Opening a port, with an error that says how to choose another.

use std::{fmt, net::SocketAddr};

use tokio::net::TcpListener;

use crate::RuntimeError;

/// The argument that sets an address: its flag and its environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The flag, such as `--listen`.
    pub name: &'static str,
    /// The environment variable, such as `ONDOL_LISTEN`.
    pub variable: &'static str,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or {}", self.name, self.variable)
    }
}

/// Binds a TCP port; port 0 takes a free one, found by the listener's `local_addr`.
pub async fn listen(address: SocketAddr, flag: Flag) -> Result<TcpListener, RuntimeError> {
    TcpListener::bind(address).await.map_err(|source| RuntimeError::Listen { address, flag, source })
}

#[cfg(test)]
mod tests {
    use fault::Chain;

    use super::{Flag, listen};

    #[tokio::test]
    async fn a_taken_port_names_the_address_and_the_way_out() {
        let flag = Flag { name: "--listen", variable: "ONDOL_LISTEN" };
        let first = listen("127.0.0.1:0".parse().unwrap(), flag).await.unwrap();
        let address = first.local_addr().unwrap();
        let refusal = listen(address, flag).await.unwrap_err();
        let message = Chain(&refusal).to_string();
        assert!(message.contains(&format!("cannot listen on {address}")), "{message}");
        assert!(message.contains("--listen or ONDOL_LISTEN"), "{message}");
        assert!(message.contains("end what uses this one") && message.contains("in use"), "{message}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_not_said_to_be_taken() {
        let flag = Flag { name: "--listen", variable: "ONDOL_LISTEN" };
        // A documentation address, which nobody has.
        let refusal = listen("192.0.2.1:0".parse().unwrap(), flag).await.unwrap_err();
        let message = Chain(&refusal).to_string();
        assert!(message.contains("this machine has no such address"), "{message}");
        assert!(!message.contains("uses this one"), "{message}");
    }
}
