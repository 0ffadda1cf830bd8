//! `ondol up` in a process of its own, and a client of it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use proto::inference::v1::{
    GenerateTextRequest, Message, Stop, StreamGenerateTextResponse,
    inference_service_client::InferenceServiceClient, stream_generate_text_response::Event,
};
use tempfile::TempDir;
use tonic::{
    Code, Request, Status, Streaming,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

pub(crate) const MODEL: &str = "smollm2-135m-instruct";
/// Longer than anything here takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Parser)]
struct Needed {
    /// A folder of models that holds [`MODEL`].
    #[arg(long, env = "ONDOL_TEST_MODELS")]
    models: Option<PathBuf>,
}

/// The folder of models, or none and a word about it.
pub(crate) fn models() -> Option<PathBuf> {
    let models = Needed::parse_from(["test"]).models;
    if models.is_none() {
        eprintln!("skipped: ONDOL_TEST_MODELS (a folder of models that holds {MODEL}) is not set");
    }
    models
}

/// The program under test.
pub(crate) fn ondol(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ondol"));
    // What a test does not place must not lie in the home of whoever runs it.
    command.env("ONDOL_OBJECTS_FOLDER", std::env::temp_dir().join("ondol-test-objects"));
    command.env("ONDOL_TOOLS", std::env::temp_dir().join("ondol-test-tools/tools.toml"));
    command.env("ONDOL_MCP_LISTEN", "127.0.0.1:0");
    // For a store that takes any.
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    // What the program sees to by itself.
    command.env_remove("ORT_DISABLE_TELEMETRY");
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A running stack. Dropping it kills it.
pub(crate) struct Stack {
    pub(crate) api: SocketAddr,
    admin: SocketAddr,
    key: String,
    folder: TempDir,
    process: Child,
    /// What it prints, until it is gone.
    printed: Mutex<Receiver<String>>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It may have ended, as it should in some of the tests.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stack {
    /// The stack that tests share while one of them holds it; none where there is no model.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Stack>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stack) = shared.upgrade() {
            return Some(stack);
        }
        let stack = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&stack);
        Some(stack)
    }

    /// A stack of the test's own; none where there is no model.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(extra: &[&str]) -> Option<Self> {
        Self::start_in(&[], extra)
    }

    /// The same with variables of its environment.
    pub(crate) fn start_in(environment: &[(&str, &str)], extra: &[&str]) -> Option<Self> {
        let models = models()?;
        let folder = tempfile::tempdir().unwrap();
        let mut process = ondol(&["up", "--listen", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"])
            .arg("--models")
            .arg(models)
            .arg("--key-file")
            .arg(folder.path().join("key"))
            .arg("--objects-folder")
            .arg(folder.path().join("objects"))
            .args(extra)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let printed = lines(process.stdout.take().unwrap());
        let Some((api, admin)) = addresses(&printed) else {
            let _ = process.kill();
            panic!("the stack did not start:\n{}", fs::read_to_string(folder.path().join("log")).unwrap());
        };
        let key = fs::read_to_string(folder.path().join("key")).unwrap().trim().to_owned();
        Some(Self { api, admin, key, folder, process, printed: Mutex::new(printed) })
    }

    pub(crate) fn client(&self) -> InferenceServiceClient<Channel> {
        let channel = Endpoint::from_shared(format!("http://{}", self.api)).unwrap().connect_lazy();
        InferenceServiceClient::new(channel)
    }

    /// The message in a request with the stack's key.
    pub(crate) fn keyed<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.key).parse().unwrap());
        request
    }

    /// Opens a stream and reads its first event, which says that the request was admitted.
    pub(crate) async fn open(
        &self,
        request: Request<GenerateTextRequest>,
    ) -> Streaming<StreamGenerateTextResponse> {
        let mut stream = self.client().stream_generate_text(request).await.unwrap().into_inner();
        let first = stream.message().await.unwrap().unwrap().event;
        assert!(matches!(first, Some(Event::Started(_))), "{first:?}");
        stream
    }

    /// A command that talks to this stack.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(&format!("http://{}", self.api), arguments)
    }

    /// The same by another way.
    pub(crate) fn command_at(&self, server: &str, arguments: &[&str]) -> Command {
        let mut command = ondol(arguments);
        command.args(["--server", server]).arg("--key-file").arg(self.key_file());
        command
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// The status line and the body of what the admin port answers.
    pub(crate) fn admin(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(self.admin).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks the admin port until its answer holds all `pieces` on one line. Blocks: tests run on a runtime of several
    /// threads, so that a client's connection goes on meanwhile.
    pub(crate) fn wait_for(&self, path: &str, pieces: &[&str]) {
        let began = Instant::now();
        loop {
            let answer = self.admin(path);
            if answer.lines().any(|line| pieces.iter().all(|piece| line.contains(piece))) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{pieces:?} never came in\n{answer}");
        }
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let process = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", "kill -s TERM $0", &process]).status().unwrap().success());
    }

    /// How the process ended, which it must do soon.
    pub(crate) fn exit(mut self) -> ExitStatus {
        let printed = self.printed.get_mut().unwrap();
        loop {
            match printed.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the process does not end"),
            }
        }
        self.process.wait().unwrap()
    }
}

/// The lines that somebody prints. The channel closes with what is read.
fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            // Reads on when nobody listens: who prints must not be held up.
            let _ = sender.send(line);
        }
    });
    lines
}

/// Where the api and the admin port are, once both were printed.
fn addresses(printed: &Receiver<String>) -> Option<(SocketAddr, SocketAddr)> {
    let (mut api, mut admin) = (None, None);
    while api.is_none() || admin.is_none() {
        let line = printed.recv_timeout(PATIENCE).ok()?;
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("api"), Some(address)) => api = address.parse().ok(),
            (Some("admin"), Some(url)) => {
                admin = url.trim_start_matches("http://").trim_end_matches("/metrics").parse().ok();
            }
            _ => {}
        }
    }
    api.zip(admin)
}

/// What a user says, to be answered with at most so many tokens.
pub(crate) fn ask(text: &str, max_tokens: u32) -> GenerateTextRequest {
    let messages = vec![Message { role: "user".into(), text: text.into() }];
    GenerateTextRequest { model: MODEL.into(), messages, max_tokens, ..GenerateTextRequest::default() }
}

/// The same, to be answered with exactly so many tokens.
pub(crate) fn ask_for(text: &str, tokens: u32) -> GenerateTextRequest {
    let stop = Stop { ignore_end: true, ..Stop::default() };
    GenerateTextRequest { stop: Some(stop), ..ask(text, tokens) }
}

/// Reads a stream to its end.
pub(crate) async fn read(mut stream: Streaming<StreamGenerateTextResponse>) -> Result<Vec<Event>, Status> {
    let mut events = Vec::new();
    while let Some(response) = stream.message().await? {
        events.extend(response.event);
    }
    Ok(events)
}

/// What a program sees of an error: its code and its reason.
pub(crate) fn refusal(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    (status.code(), info.reason)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
