//! HTTP/2 as it stands on the wire, for clients that no library would be.

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// A client's farewell: nothing went wrong, and no stream follows.
pub(crate) const FAREWELL: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// `:method GET`, `:scheme http`, `:path /`, all from HPACK's own table.
pub(crate) const GET_ROOT: [u8; 3] = [0x82, 0x86, 0x84];

/// Kinds of frames.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// Flags of HEADERS.
pub(crate) const END_STREAM: u8 = 0b001;
pub(crate) const END_HEADERS: u8 = 0b100;

/// What a server says of clients that do not let it work.
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The number of the stream that a client opens after so many.
pub(crate) fn stream(number: u32) -> u32 {
    2 * number + 1
}

/// The headers of `GET` to this path.
pub(crate) fn getting(path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    [&[0x82, 0x86, 0x04, length][..], path.as_bytes()].concat()
}

/// The frames in some bytes: their kinds and payloads.
pub(crate) fn frames(mut said: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [a, b, c, kind, _flags, _, _, _, _, rest @ ..] = said {
        let length = (u32::from_be_bytes([0, *a, *b, *c]) as usize).min(rest.len());
        let (payload, after) = rest.split_at(length);
        frames.push((*kind, payload));
        said = after;
    }
    frames
}

/// Why the server ended the connection, if it said so.
pub(crate) fn farewell(said: &[u8]) -> Option<u32> {
    let last = frames(said).into_iter().rfind(|(kind, _)| *kind == GOAWAY)?;
    last.1.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap()))
}
