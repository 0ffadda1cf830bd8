//! Clients that mean harm, many at once, over real sockets: memory stays bounded, and others are served meanwhile. In a test
//! program of its own, as the measure is of the whole process, attackers and all.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{body::Body, routing::get};
use bytes::Bytes;
use clap::Parser;
use futures::stream;
use prometheus_client::registry::Registry;
use rpc::{Methods, Server, ServerArguments, ServerMetrics};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

const MIB: usize = 1024 * 1024;
/// What all of it may take.
const LIMIT: usize = 64 * MIB;
/// Connections of each kind, and what each of them sends at most.
const ATTACKERS: usize = 16;
const FLOOD: usize = MIB;
/// Streams that a connection opens and does not read.
const UNREAD: u32 = 200;
/// How long somebody who means no harm may wait.
const PATIENCE: Duration = Duration::from_secs(20);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    server: ServerArguments,
}

/// A server, and the task that it runs on.
fn serve() -> (SocketAddr, JoinSet<()>) {
    let piece = || Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 16 * 1024]));
    let endless = move || Body::from_stream(stream::repeat_with(piece));
    let routes = axum::Router::new()
        .route("/endless", get(async move || endless()))
        .route("/hello", get(async || "hello"));
    let line = Line::parse_from(["server", "--max-stall", "2s"]);
    let metrics = ServerMetrics::register(Methods::described_by([]).unwrap(), &mut Registry::default());
    let server = Server::new(&line.server, metrics).unwrap();
    let incoming = rpc::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = incoming.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.serve(incoming, routes.into(), pending(), Duration::ZERO));
    (address, tasks)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET` of this path, on a stream that is ended, or not.
fn asking(stream: u32, flags: u8, path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    frame(1, flags, stream, &[&[0x82, 0x86, 0x04, length][..], path.as_bytes()].concat())
}

/// What each kind of attacker sends, again and again, by how often it was sent.
const ATTACKS: [fn(u32) -> Vec<u8>; 9] = [
    // Streams, opened and reset.
    |n| [asking(2 * n + 1, 0b101, "/endless"), frame(3, 0, 2 * n + 1, &[0, 0, 0, 8])].concat(),
    // Streams that the server has to reset.
    |n| [asking(2 * n + 1, 0b101, "/hello"), frame(8, 0, 2 * n + 1, &[0x7f, 0xff, 0xff, 0xff])].concat(),
    // Answers that nobody reads.
    |n| if n < UNREAD { asking(2 * n + 1, 0b101, "/endless") } else { frame(6, 0, 0, &[0; 8]) },
    // Headers without end, with and without anything in them.
    |n| {
        if n == 0 { asking(1, 0b001, "/hello") } else { frame(9, 0, 1, &[0, 1, b'x', 1, b'y'].repeat(3_000)) }
    },
    |n| if n == 0 { asking(1, 0b001, "/hello") } else { frame(9, 0, 1, &[]) },
    // Data that holds nothing.
    |n| if n == 0 { asking(1, 0b100, "/hello") } else { frame(0, 0, 1, &[]) },
    // Pings, settings and priorities.
    |_| frame(6, 0, 0, &[7; 8]),
    |_| frame(4, 0, 0, &[]),
    |n| frame(2, 0, 2 * n + 1, &[0, 0, 0, 0, 16]),
];

/// Sends until the server has had enough, or all is sent. Reads nothing.
async fn attack(address: SocketAddr, what: fn(u32) -> Vec<u8>) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let (mut sent, mut number) = (0, 0);
    let mut next = PREFACE.to_vec();
    while sent < FLOOD && connection.write_all(&next).await.is_ok() {
        sent += next.len();
        next.clear();
        while next.len() < 16 * 1024 {
            next.extend(what(number));
            number += 1;
        }
    }
    connection
}

/// Headers of HTTP/1 without end, or an answer that is not read.
async fn attack_old(address: SocketAddr, unread: bool) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let path = if unread { "/endless" } else { "/hello" };
    let begun = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{}", if unread { "\r\n" } else { "" });
    let _gone = connection.write_all(begun.as_bytes()).await;
    let mut sent = 0;
    while !unread && sent < FLOOD && connection.write_all(&b"x: y\r\n".repeat(1_000)).await.is_ok() {
        sent += 6_000;
    }
    connection
}

/// Somebody who means no harm.
async fn ask(address: SocketAddr) {
    let asking = async {
        loop {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let request = b"GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            connection.write_all(request).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            // As many calls as may be run: somebody comes again, as they are told to.
            if !answer.starts_with("HTTP/1.1 429") {
                return answer;
            }
        }
    };
    let answer = timeout(PATIENCE, asking).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
}

/// The most memory that this process has had since it was asked to forget, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_mean_harm_take_little_memory_and_nobody_elses_turn() {
    let (address, _tasks) = serve();
    ask(address).await;
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let mut attackers = JoinSet::new();
    for _ in 0..ATTACKERS {
        for what in ATTACKS {
            attackers.spawn(attack(address, what));
        }
        attackers.spawn(attack_old(address, false));
        attackers.spawn(attack_old(address, true));
    }
    // Their connections are kept until all are done.
    let (mut kept, mut served) = (Vec::new(), 0);
    while let Some(attacker) = attackers.join_next().await {
        kept.push(attacker.unwrap());
        ask(address).await;
        served += 1;
    }
    let added = peak().saturating_sub(before);
    println!("{} attackers took {} MiB, and {served} others were served", kept.len(), added / MIB);
    assert_eq!(served, ATTACKERS * (ATTACKS.len() + 2));
    assert!(added <= LIMIT, "{added} bytes");
}
