//! The input, line by line.

use std::pin::Pin;

use futures::{Stream, stream};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::WorkerError;

/// The longest line in bytes.
pub(super) const LONGEST: u64 = 1024 * 1024;

/// What some editors put before the first line of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Lines that are read as they are wanted. Empty ones count, and are answered with an error, but not the one behind the
/// last line's end.
pub(super) struct Lines {
    reader: Pin<Box<dyn AsyncBufRead + Send>>,
    next: u64,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 0.
    pub(super) number: u64,
    /// Its bytes without the end; `None` where they are too many.
    pub(super) text: Option<Vec<u8>>,
}

impl Lines {
    pub(super) fn new(reader: impl AsyncBufRead + Send + 'static) -> Self {
        Self { reader: Box::pin(reader), next: 0 }
    }

    /// How many there are.
    pub(super) async fn count(mut self) -> Result<u64, WorkerError> {
        while self.next().await?.is_some() {}
        Ok(self.next)
    }

    /// The lines after so many.
    pub(super) async fn skip(mut self, lines: u64) -> Result<Self, WorkerError> {
        while self.next < lines && self.next().await?.is_some() {}
        Ok(self)
    }

    /// The lines as a stream, which ends with the first error.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Line, WorkerError>> + Send {
        stream::try_unfold(self, async |mut lines| Ok(lines.next().await?.map(|line| (line, lines))))
    }

    async fn next(&mut self) -> Result<Option<Line>, WorkerError> {
        let mut text = Vec::new();
        // One byte more than allowed, and the line's end.
        let read =
            (&mut self.reader).take(LONGEST + 2 + MARK.len() as u64).read_until(b'\n', &mut text).await;
        if read.map_err(unreadable)? == 0 {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        let whole = text.pop_if(|byte| *byte == b'\n').is_some();
        text.pop_if(|byte| whole && *byte == b'\r');
        if number == 0 && text.starts_with(MARK) {
            text.drain(..MARK.len());
        }
        if text.len() as u64 <= LONGEST {
            return Ok(Some(Line { number, text: Some(text) }));
        }
        if !whole {
            self.pass_rest().await?;
        }
        Ok(Some(Line { number, text: None }))
    }

    /// Reads on to the end of the line and keeps nothing of it.
    async fn pass_rest(&mut self) -> Result<(), WorkerError> {
        loop {
            let buffered = self.reader.fill_buf().await.map_err(unreadable)?;
            let end = buffered.iter().position(|byte| *byte == b'\n');
            let (passed, done) = match end {
                Some(end) => (end + 1, true),
                None => (buffered.len(), buffered.is_empty()),
            };
            self.reader.consume(passed);
            if done {
                return Ok(());
            }
        }
    }
}

fn unreadable(error: std::io::Error) -> WorkerError {
    match error.downcast::<objects::ObjectsError>() {
        Ok(error) => error.into(),
        // Whatever broke off the reading says nothing about what is to be read.
        Err(error) => WorkerError::Broken(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use futures::TryStreamExt;

    use super::{LONGEST, Lines};

    async fn read(input: impl AsRef<[u8]> + Send + Unpin + 'static) -> Vec<Option<String>> {
        let lines: Vec<_> = Lines::new(Cursor::new(input)).into_stream().try_collect().await.unwrap();
        assert!(lines.iter().enumerate().all(|(index, line)| line.number == index as u64));
        lines.into_iter().map(|line| line.text.map(|text| String::from_utf8(text).unwrap())).collect()
    }

    #[tokio::test]
    async fn lines_end_with_either_end_and_the_last_needs_none() {
        let lines = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(read("a\nb\r\n\nc").await, lines(&["a", "b", "", "c"]));
        assert_eq!(read("a\n").await, lines(&["a"]));
        assert_eq!(read("").await, lines(&[]));
    }

    #[tokio::test]
    async fn a_mark_before_the_first_line_is_no_part_of_it() {
        assert_eq!(read("\u{feff}a\n\u{feff}b").await, [Some("a".to_owned()), Some("\u{feff}b".to_owned())]);
    }

    #[tokio::test]
    async fn a_store_that_breaks_off_is_tried_again() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(super::unreadable(broken).may_pass());
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over_in_bounded_memory() {
        let longest = "x".repeat(LONGEST as usize);
        let input = format!("{longest}\n{longest}y\n{longest}{longest}{longest}\nz\n");
        assert_eq!(read(input).await, [Some(longest), None, None, Some("z".to_owned())]);
    }

    #[tokio::test]
    async fn skipped_lines_count() {
        let mut rest = Lines::new(Cursor::new("a\nb\nc\n")).skip(2).await.unwrap();
        let line = rest.next().await.unwrap().unwrap();
        assert_eq!((line.number, line.text.unwrap()), (2, b"c".to_vec()));
        assert_eq!(Lines::new(Cursor::new("a\nb\nc")).count().await.unwrap(), 3);
    }
}
