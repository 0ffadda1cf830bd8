//! Downloads whose connection breaks, or whose process does.

use std::{
    fs,
    io::{self, Read},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Output,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

use crate::stack::{PATIENCE, Stack, text};

/// Bytes that come over the connection that breaks.
const FIRST: u64 = 300_000;

/// A way to a server whose first connection brings [`FIRST`] bytes. Then it is cut; or, where somebody wants to hear of
/// it, it falls silent.
fn bad_line(to: SocketAddr, silent: Option<Sender<()>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut limit = FIRST;
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(to).unwrap());
            carry(near.try_clone().unwrap(), far.try_clone().unwrap(), u64::MAX, None);
            carry(far, near, limit, silent.clone());
            limit = u64::MAX;
        }
    });
    address
}

fn carry(from: TcpStream, mut to: TcpStream, limit: u64, silent: Option<Sender<()>>) {
    thread::spawn(move || {
        let carried = io::copy(&mut from.try_clone().unwrap().take(limit), &mut to);
        if let Some(silent) = silent.filter(|_| carried.is_ok_and(|carried| carried == limit)) {
            silent.send(()).unwrap();
            // Both ends stay open as long as the test.
            thread::park();
        }
        // It may be cut at the other end already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

/// The path of an artifact of some size, and what it holds.
fn artifact(stack: &Stack) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    fs::write(&input, "not json\n".repeat(4_000)).unwrap();
    let Output { stdout, .. } =
        stack.command(&["jobs", "submit", "batch", text(&input), "--watch"]).output().unwrap();
    let out = String::from_utf8(stdout).unwrap();
    let path = out.lines().last().unwrap().split(' ').next().unwrap().to_owned();
    let whole = stack.command(&["artifact", "get", &path]).output().unwrap().stdout;
    assert!(whole.len() as u64 > 2 * FIRST, "{} bytes", whole.len());
    (path, whole)
}

#[test]
fn a_download_goes_on_where_its_connection_broke() {
    let Some(stack) = Stack::shared() else { return };
    let (path, whole) = artifact(&stack);
    let server = format!("http://{}", bad_line(stack.api, None));
    let Output { status, stdout, stderr } =
        stack.command_at(&server, &["artifact", "get", &path]).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    assert!(stdout == whole, "{} bytes of {}", stdout.len(), whole.len());
}

#[test]
fn a_download_goes_on_where_its_process_was_killed() {
    let Some(stack) = Stack::shared() else { return };
    let (path, whole) = artifact(&stack);
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.jsonl");
    let get = ["artifact", "get", &path, "--output", text(&output)];

    let (sender, silent) = channel();
    let server = format!("http://{}", bad_line(stack.api, Some(sender)));
    let mut process = stack.command_at(&server, &get).spawn().unwrap();
    let partial = first_bytes(&folder, &silent);
    process.kill().unwrap();
    process.wait().unwrap();

    // A mark that only a run which goes on with these bytes leaves.
    let mut held = fs::read(&partial).unwrap();
    held[0] = b'!';
    fs::write(&partial, &held).unwrap();
    assert!(stack.command(&get).status().unwrap().success());
    let fetched = fs::read(&output).unwrap();
    assert!(fetched[0] == b'!' && fetched[1..] == whole[1..], "{} of {}", fetched.len(), whole.len());
    assert!(!partial.exists());
}

/// The file in the folder, once something is in it.
fn first_bytes(folder: &tempfile::TempDir, silent: &Receiver<()>) -> PathBuf {
    silent.recv_timeout(PATIENCE).unwrap();
    let began = Instant::now();
    loop {
        let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
        if let Some(file) = files.into_iter().find(|file| file.metadata().unwrap().len() > 0) {
            return file.path();
        }
        assert!(began.elapsed() < PATIENCE, "nothing was written");
        thread::yield_now();
    }
}
