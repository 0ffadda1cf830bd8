//! Somebody who is told, and remembers it.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use webhooks::{Signed, SigningKey, WebhooksError};

/// The receiver. It goes with the last of its tasks.
pub(crate) struct Receiver {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
    _serving: JoinSet<()>,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    /// Answers with these statuses, then with 204.
    pub(crate) async fn answering(statuses: &[u16]) -> Self {
        Self::answering_at(([127, 0, 0, 1], 0).into(), statuses).await
    }

    /// The same at an address of its own.
    pub(crate) async fn answering_at(address: SocketAddr, statuses: &[u16]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, statuses) = (Arc::default(), VecDeque::from(statuses.to_vec()));
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, statuses, Arc::clone(&told)));
        Self { address, told, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks?of=team-a", self.address)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, mut statuses: VecDeque<u16>, told: Arc<Mutex<Vec<Told>>>) {
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        let request = read(&mut connection).await;
        told.lock().unwrap().push(request);
        let status = statuses.pop_front().unwrap_or(204);
        let answer = format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: 0\r\n\r\n"
        );
        connection.write_all(answer.as_bytes()).await.unwrap();
    }
}

async fn read(connection: &mut TcpStream) -> Told {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = connection.read(&mut part).await.unwrap();
        assert!(length > 0, "a request ended in the middle");
        bytes.extend_from_slice(&part[..length]);
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let headers = headers(std::str::from_utf8(&bytes[..head]).unwrap());
        let body = &bytes[head + 4..];
        if body.len() == headers["content-length"].parse::<usize>().unwrap() {
            return Told { headers, body: body.to_vec() };
        }
    }
}

fn headers(head: &str) -> BTreeMap<String, String> {
    assert!(head.starts_with("POST /hooks?of=team-a "), "{head}");
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
}

impl Told {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it was signed with this secret, just now.
    pub(crate) fn verify(&self, secret: &str) -> Result<(), WebhooksError> {
        let signed = Signed::read(|name| self.headers.get(name).cloned())?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        signed.verify(&SigningKey::parse(secret)?, &self.body, now, Duration::from_mins(5))
    }
}
