//! Whether the stack runs here already.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_millis(500);

/// Whether an admin port of ours answers at `address`. Whoever else holds the port is found out when it is opened.
pub(super) fn is_up(address: SocketAddr) -> bool {
    address.port() != 0 && answer(address).is_some_and(|answer| answer.ends_with("\r\n\r\nok\n"))
}

fn answer(address: SocketAddr) -> Option<String> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    connection.set_read_timeout(Some(PATIENCE)).ok()?;
    connection.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.take(4096).read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
        thread,
    };

    use super::is_up;

    /// A port that answers the next request with `answer`.
    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let _ = connection.read(&mut [0; 1024]);
            let _ = connection.write_all(answer.as_bytes());
        });
        address
    }

    #[test]
    fn only_an_admin_port_of_ours_counts() {
        assert!(is_up(answering("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n")));
        assert!(!is_up(answering("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")));
        assert!(!is_up(answering("")));
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(!is_up(free), "nobody listens there any more");
    }
}
