//! How fast the scripts are when nobody but them has anything to do: claims of 64 jobs each, written down beforehand and
//! sent one behind the other, and then finishes in the same way.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use jobs::Queue;

use super::{
    Arguments,
    steps::{fill_in_order, queue},
    wait_for_word,
};

const ROUND: usize = 64;
const PREFIX: &str = "{q:bench:0}:";
const LINE: &str = include_str!("../../src/redis/scripts/line.lua");
const CLAIM: &str = include_str!("../../src/redis/scripts/claim.lua");
const FINISH: &str = include_str!("../../src/redis/scripts/finish.lua");

pub(super) async fn run(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    // The only tenant's jobs are claimed as they came, so their names are known beforehand.
    let ids = fill_in_order(&queue, arguments.jobs).await;
    let mut stream = connect(&arguments.url);
    let (claim, finish) = (load(&mut stream, CLAIM), load(&mut stream, FINISH));
    let mut questions = Vec::new();
    for round in ids.chunks(ROUND) {
        let most = round.len().to_string();
        put(
            &mut questions,
            &["EVALSHA", &claim, "1", PREFIX, "worker", "30000", &most, "0", "0", "noop", &most],
        );
    }
    wait_for_word();
    let (answers, claiming) = ask(&mut stream, questions);
    // Reading what was claimed is the client's business, and not counted.
    let fences = fences(&answers);
    let mut questions = Vec::new();
    for round in ids.chunks(ROUND) {
        let mut end = vec!["EVALSHA", &finish, "1", PREFIX];
        for id in round {
            end.extend([id, &*fences[id], "done", "0", ""]);
        }
        put(&mut questions, &end);
    }
    let (_answers, finishing) = ask(&mut stream, questions);
    let time = claiming + finishing;
    let total = queue.stats().await.unwrap().total();
    let exact = total.ready == 0 && total.running == 0 && total.zombies == 0;
    format!(r#"{{"jobs": {}, "seconds": {}, "exact": {exact}}}"#, arguments.jobs, time.as_secs_f64())
}

fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("redis://")).unwrap()
}

fn put(questions: &mut Vec<u8>, words: &[&str]) {
    write!(questions, "*{}\r\n", words.len()).unwrap();
    for word in words {
        write!(questions, "${}\r\n{word}\r\n", word.len()).unwrap();
    }
}

fn load(stream: &mut TcpStream, script: &str) -> String {
    let mut question = Vec::new();
    put(&mut question, &["SCRIPT", "LOAD", &format!("{LINE}\n{script}")]);
    stream.write_all(&question).unwrap();
    // "$40", the digest and two line ends.
    let mut answer = [0; 47];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[5..45]).into_owned()
}

/// Sends questions one behind the other; all answers, and how long they took.
fn ask(stream: &mut TcpStream, mut questions: Vec<u8>) -> (Vec<u8>, Duration) {
    put(&mut questions, &["ECHO", "that was all"]);
    let mut answers = Vec::with_capacity(1 << 27);
    let begin = Instant::now();
    let mut sender = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || sender.write_all(&questions).unwrap());
    let mut part = vec![0; 1 << 20];
    while !answers.ends_with(b"\r\nthat was all\r\n") {
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "Redis hung up");
        answers.extend_from_slice(&part[..length]);
    }
    let time = begin.elapsed();
    sending.join().unwrap();
    (answers, time)
}

/// The fence of each claimed job: behind its id come kind, tenant and priority, each with a line for its length.
fn fences(answers: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(answers);
    let lines: Vec<_> = text.split("\r\n").collect();
    let jobs = lines.windows(9).filter(|lines| lines[0] == "$32");
    jobs.map(|lines| (lines[1].to_owned(), lines[8].trim_start_matches(':').to_owned())).collect()
}
