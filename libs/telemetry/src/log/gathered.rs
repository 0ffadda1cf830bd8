//! Lines that are written together where they come thick: each write wakes whoever reads the other end, which costs a call
//! more than making its line did.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long a line may wait for others. A process that is killed loses as much of its log.
const PATIENCE: Duration = Duration::from_millis(50);
/// Bytes that are written without waiting for more: a pipe takes 64 KiB before its reader has to come.
const ENOUGH: usize = 16 * 1024;
/// Bytes that may wait; behind them, whoever has a line to write waits itself.
const MOST: usize = 1024 * 1024;

/// An output that lines are written to at once while they come seldom, and together while they come often.
///
/// Lines stay in order. One that nobody reads holds up nobody else until so much waits that there is no more room.
#[derive(Clone)]
pub(crate) struct Gathered(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    /// Wakes the thread that writes what waits.
    comes: Condvar,
    /// Taken before [`Self::waiting`], or tried.
    output: Mutex<Box<dyn Write + Send>>,
}

struct Waiting {
    lines: Vec<u8>,
    written: Instant,
    /// Whether the thread will look by itself.
    is_watched: bool,
    /// Whether nobody will look any more.
    has_ended: bool,
}

impl Gathered {
    /// Starts the thread that writes what waits; where there can be none, nothing ever waits.
    pub(crate) fn over(output: impl Write + Send + 'static) -> Self {
        let waiting =
            Waiting { lines: Vec::new(), written: Instant::now(), is_watched: false, has_ended: false };
        let gathered = Self(Arc::new(Shared {
            waiting: Mutex::new(waiting),
            comes: Condvar::new(),
            output: Mutex::new(Box::new(output)),
        }));
        let watched = Arc::clone(&gathered.0);
        if thread::Builder::new().name("log".to_owned()).spawn(move || watched.watch()).is_err() {
            gathered.end();
        }
        gathered
    }

    /// Writes a line soon; one that is urgent at once, with all that wait.
    pub(crate) fn write(&self, line: &[u8], is_urgent: bool) {
        let shared = &*self.0;
        let mut waiting = shared.waiting();
        waiting.lines.extend_from_slice(line);
        if waiting.has_ended || waiting.lines.len() >= MOST {
            drop(waiting);
            shared.write_all();
        } else if is_urgent || waiting.lines.len() >= ENOUGH || waiting.written.elapsed() >= PATIENCE {
            shared.try_write(waiting);
        } else {
            shared.watch_over(waiting);
        }
    }

    /// Writes what waits, and lets nothing wait any more.
    pub(crate) fn end(&self) {
        self.0.waiting().has_ended = true;
        self.0.comes.notify_one();
        self.0.write_all();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the thread look soon.
    fn watch_over(&self, mut waiting: MutexGuard<'_, Waiting>) {
        if !std::mem::replace(&mut waiting.is_watched, true) {
            drop(waiting);
            self.comes.notify_one();
        }
    }

    /// Writes what waits, once whoever is writing has done so.
    fn write_all(&self) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = self.waiting().take();
        put(&mut *output, &lines);
    }

    /// Writes what waits, unless somebody is writing: nobody is held up by a reader that is slow.
    fn try_write(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let Ok(mut output) = self.output.try_lock() else { return self.watch_over(waiting) };
        let lines = waiting.take();
        drop(waiting);
        put(&mut *output, &lines);
    }

    /// What the thread does until the end: sleeps while lines come seldom.
    fn watch(&self) {
        loop {
            let is_idle = |waiting: &mut Waiting| !waiting.is_watched && !waiting.has_ended;
            let waiting = self.comes.wait_while(self.waiting(), is_idle);
            if waiting.unwrap_or_else(PoisonError::into_inner).has_ended {
                return;
            }
            thread::sleep(PATIENCE);
            let mut waiting = self.waiting();
            waiting.is_watched = !waiting.lines.is_empty();
            let is_needed = waiting.is_watched;
            drop(waiting);
            if is_needed {
                self.write_all();
            }
        }
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<u8> {
        self.written = Instant::now();
        std::mem::take(&mut self.lines)
    }
}

/// A log that cannot be written is lost: there is nobody left to tell.
fn put(output: &mut (dyn Write + Send), lines: &[u8]) {
    let written: io::Result<()> = output.write_all(lines);
    drop(written.and_then(|()| output.flush()));
}

impl fmt::Debug for Gathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::mpsc::{Receiver, Sender, TryRecvError, channel},
    };

    use super::{Gathered, MOST, PATIENCE};

    /// Hands on each write, once it may.
    struct Reader {
        writes: Sender<String>,
        may: Receiver<()>,
    }

    impl Write for Reader {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            self.writes.send(String::from_utf8_lossy(lines).into_owned()).unwrap();
            self.may.recv().unwrap();
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gathered() -> (Gathered, Receiver<String>, Sender<()>) {
        let ((writes, written), (go, may)) = (channel(), channel());
        (Gathered::over(Reader { writes, may }), written, go)
    }

    fn let_through(go: &Sender<()>) {
        (0..100).for_each(|_| go.send(()).unwrap());
    }

    #[test]
    fn lines_that_come_together_are_written_together_and_in_order() {
        let (log, written, go) = gathered();
        let_through(&go);
        // Just written, by now: what comes next waits.
        log.write(b"0\n", true);
        let lines: Vec<String> = (1..1000).map(|line| format!("{line}\n")).collect();
        for line in &lines {
            log.write(line.as_bytes(), false);
        }
        log.end();
        drop(go);
        let writes: Vec<String> = written.try_iter().collect();
        assert_eq!(writes.concat(), format!("0\n{}", lines.concat()));
        assert!(writes.len() < 100, "{} writes", writes.len());
    }

    #[test]
    fn a_line_alone_is_not_forgotten() {
        let (log, written, go) = gathered();
        let_through(&go);
        log.write(b"urgent\n", true);
        assert_eq!(written.try_recv().unwrap(), "urgent\n");
        log.write(b"alone\n", false);
        // Written by the thread, or by itself where this thread was stopped for longer than lines wait.
        assert_eq!(written.recv_timeout(PATIENCE * 100).unwrap(), "alone\n");
    }

    #[test]
    fn a_reader_that_sleeps_holds_up_nobody_while_there_is_room() {
        let (log, written, go) = gathered();
        let line = [b'x'; 1000];
        let stuck = {
            let log = log.clone();
            std::thread::spawn(move || log.write(b"first\n", true))
        };
        assert_eq!(written.recv().unwrap(), "first\n");
        for _ in 0..MOST / line.len() {
            log.write(&line, true);
        }
        assert_eq!(written.try_recv(), Err(TryRecvError::Empty));
        let_through(&go);
        stuck.join().unwrap();
        log.write(&line, true);
        log.end();
        assert!(written.try_iter().map(|lines| lines.len()).sum::<usize>() >= MOST);
    }

    #[test]
    fn what_is_told_after_the_end_is_written_at_once() {
        let (log, written, go) = gathered();
        let_through(&go);
        log.end();
        let_through(&go);
        log.write(b"late\n", false);
        assert_eq!(written.try_iter().filter(|lines| !lines.is_empty()).collect::<Vec<_>>(), ["late\n"]);
    }
}
