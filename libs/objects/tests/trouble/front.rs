//! A front before an S3 that misbehaves as it is told.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, future, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use objects::{Key, S3, S3Settings};
use testkit::{Answered, Backend, S3Server};

/// What is done to a request instead of answering it.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status and error code, with these headers and elements of the document.
    Refuse(u16, &'static str, Vec<(&'static str, &'static str)>),
    /// The connection is cut before the request is looked at.
    Cut,
    /// The request is done, and the connection cut instead of the answer.
    Lose,
    /// The answer is cut after so many bytes of its body.
    CutBody(usize),
    /// The answer stands still after so many bytes of its body.
    Stall(usize),
    /// There is never an answer.
    Hang,
    /// One bit of the answer's body is wrong.
    Flip,
}

impl Fault {
    pub fn refuse(status: u16, code: &'static str) -> Self {
        Self::Refuse(status, code, Vec::new())
    }
}

/// Which requests: the beginning of `METHOD /path?query`, and something that it contains.
#[derive(Clone, Copy, Debug)]
pub struct Which(pub &'static str, pub &'static str);

struct Rule {
    which: Which,
    left: usize,
    fault: Fault,
}

/// A request that came: `METHOD /path?query`, and some of its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub line: String,
    pub range: Option<String>,
    pub if_match: Option<String>,
    pub checksum: Option<String>,
}

#[derive(Clone, Default)]
struct Front {
    rules: Arc<Mutex<Vec<Rule>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A store whose S3 misbehaves.
pub struct Trouble {
    pub store: S3,
    pub server: S3Server,
    pub settings: S3Settings,
    front: Front,
}

pub const ATTEMPTS: usize = 3;

pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub async fn trouble() -> Trouble {
    trouble_with(|_| {}).await
}

/// With settings changed. Pauses between attempts are as short as can be.
pub async fn trouble_with(change: impl FnOnce(&mut S3Settings)) -> Trouble {
    let front = Front::default();
    let handler = front.clone();
    let server = S3Server::start_behind(&["bucket"], move |request, backend| {
        let front = handler.clone();
        async move { front.answer(request, backend).await }
    });
    let server = server.await.unwrap();
    let mut settings = S3Settings::new("bucket");
    settings.endpoint = Some(server.endpoint());
    settings.credentials = Some((S3Server::ACCESS_KEY.to_owned(), S3Server::SECRET.to_owned()));
    settings.part_size = 5 * 1024 * 1024;
    settings.attempts = ATTEMPTS as u32;
    settings.backoff = Duration::from_millis(1);
    change(&mut settings);
    let store = S3::open(settings.clone()).await.unwrap();
    Trouble { store, server, settings, front }
}

impl Trouble {
    /// The next `times` requests of this kind meet a fault.
    pub fn next(&self, times: usize, which: Which, fault: Fault) {
        self.front.rules.lock().unwrap().push(Rule { which, left: times, fault });
    }

    /// Requests of this kind so far.
    pub fn seen(&self, which: Which) -> Vec<Seen> {
        let seen = self.front.seen.lock().unwrap();
        seen.iter().filter(|seen| which.holds(&seen.line)).cloned().collect()
    }
}

impl Which {
    fn holds(self, line: &str) -> bool {
        line.starts_with(self.0) && line.contains(self.1)
    }
}

impl Front {
    async fn answer(&self, request: Request<Incoming>, backend: Backend) -> Answered {
        let line = format!("{} {}", request.method(), request.uri());
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (range, if_match, checksum) =
            (header("range"), header("if-match"), header("x-amz-checksum-crc64nvme"));
        let seen = Seen { line: line.clone(), range, if_match, checksum };
        self.seen.lock().unwrap().push(seen);
        match self.fault(&line) {
            None => backend.answer(request).await,
            Some(Fault::Refuse(status, code, details)) => {
                // Read, or the client would see its connection cut while it still sends.
                drop(request.into_body().collect().await);
                Ok(refusal(status, code, &details))
            }
            Some(Fault::Cut) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::Lose) => {
                let answer = backend.answer(request).await?;
                drop(answer.into_body().collect().await);
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Fault::CutBody(length)) => Ok(shorten(backend.answer(request).await?, length, false)),
            Some(Fault::Stall(length)) => Ok(shorten(backend.answer(request).await?, length, true)),
            Some(Fault::Hang) => future::pending().await,
            Some(Fault::Flip) => Ok(flip(backend.answer(request).await?)),
        }
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.left > 0 && rule.which.holds(line))?;
        rule.left -= 1;
        Some(rule.fault.clone())
    }
}

type Answer =
    Response<http_body_util::combinators::UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

fn refusal(status: u16, code: &str, details: &[(&str, &str)]) -> Answer {
    let mut answer = Response::builder().status(status).header("content-type", "application/xml");
    let mut document = format!("<Error><Code>{code}</Code><Message>no</Message>");
    for (name, value) in details {
        if name.starts_with(char::is_lowercase) {
            answer = answer.header(*name, *value);
        } else {
            document = format!("{document}<{name}>{value}</{name}>");
        }
    }
    let body = Full::from(document + "</Error>").map_err(|never| match never {});
    answer.body(body.boxed_unsync()).unwrap()
}

/// The first bytes of a body, and then an error or nothing more.
fn shorten(answer: Answer, length: usize, stall: bool) -> Answer {
    answer.map(|body| {
        let mut left = length;
        let kept = BodyStream::new(body).map(move |frame| {
            let mut bytes = frame?.into_data().unwrap_or_default();
            bytes.truncate(left);
            left -= bytes.len();
            Ok(Frame::data(bytes))
        });
        let kept = kept.take_while(|frame| {
            future::ready(frame.as_ref().is_ok_and(|it| it.data_ref().is_some_and(|it| !it.is_empty())))
        });
        let end = stream::once(async move {
            if stall {
                future::pending::<()>().await;
            }
            // What has come so far is sent only when the server has to wait.
            tokio::task::yield_now().await;
            Err(Box::from("cut"))
        });
        StreamBody::new(kept.chain(end)).boxed_unsync()
    })
}

fn flip(answer: Answer) -> Answer {
    answer.map(|body| {
        let body = body.map_frame(|frame| {
            frame.map_data(|bytes| {
                let mut bytes = bytes.to_vec();
                bytes[0] ^= 1;
                bytes.into()
            })
        });
        body.boxed_unsync()
    })
}
