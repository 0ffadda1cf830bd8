//! A stream of server-sent events, taken apart while it comes.

/// What has come of a stream and is not a whole event yet. Whoever feeds it bounds how much that can be.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    /// The lines of the event that are data.
    data: Option<Vec<u8>>,
    /// Whether it is an event of a kind that nobody here knows.
    is_other: bool,
    /// Whether the last byte ended a line by a carriage return, whose line feed may follow.
    after_return: bool,
    /// Whether a line has ended before.
    begun: bool,
}

impl Events {
    /// The data of the events that end in this piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        for &byte in piece {
            let follows_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => whole.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        whole
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let line = line.as_slice();
        let first = !std::mem::replace(&mut self.begun, true);
        let line = line.strip_prefix("\u{feff}".as_bytes()).filter(|_| first).unwrap_or(line);
        if line.is_empty() {
            return self.end_event();
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.is_other = !matches!(value, b"" | b"message"),
            // Comments keep connections open; ids and times are for those who come back, which we do not.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Vec<u8>> {
        let is_other = std::mem::take(&mut self.is_other);
        // An event without any is there to be counted, by servers that let clients resume.
        self.data.take().filter(|data| !is_other && !data.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    fn of(stream: &str) -> Vec<String> {
        let whole = Events::default().push(stream.as_bytes());
        let mut bytewise = Events::default();
        let single: Vec<_> = stream.as_bytes().chunks(1).flat_map(|byte| bytewise.push(byte)).collect();
        assert_eq!(whole, single, "wherever it is cut");
        whole.into_iter().map(|data| String::from_utf8(data).unwrap()).collect()
    }

    #[test]
    fn events_are_read_however_their_lines_end() {
        for end in ["\n", "\r\n", "\r"] {
            let stream = "event: message\nid: 1\ndata: {\"a\":\ndata: 1}\n\n: still here\n\ndata:b\n\n";
            assert_eq!(of(&stream.replace('\n', end)), ["{\"a\":\n1}", "b"], "{end:?}");
        }
        assert_eq!(of("\u{feff}data: a\n\n"), ["a"]);
    }

    #[test]
    fn what_is_no_message_is_passed_over() {
        assert_eq!(of("event: endpoint\ndata: /messages\n\ndata: a\n\n"), ["a"]);
        assert_eq!(of("id: 0\ndata:\n\nretry: 1\n\n\n\n"), Vec::<String>::new());
        assert_eq!(of("data: unfinished"), Vec::<String>::new());
        assert_eq!(of("data: unfinished\n"), Vec::<String>::new());
        assert_eq!(of("dat: a\ndata\n\n"), Vec::<String>::new());
    }
}
