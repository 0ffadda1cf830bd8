//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use federation::{Happening, Listing, Piece, Reader, Told, is_clean};
use serde_json::Value;

/// The id of the question that the seeds answer.
const ID: u64 = 1;

/// Reads `bytes` as an answer, as a whole and as a stream, wherever it is cut. What is read is clean.
pub fn read_bytes(bytes: &[u8]) {
    if let Ok(result) = Reader::new(ID).whole(bytes) {
        check(result);
    }
    let whole = Reader::new(ID).piece(bytes).ok().map(results);
    let mut reader = Reader::new(ID);
    let mut cut = Vec::new();
    for piece in bytes.chunks(3) {
        match reader.piece(piece) {
            Ok(happened) => cut.extend(results(happened)),
            Err(_) => break,
        }
    }
    // Up to the first result, it does not matter how the stream came.
    if let Some(whole) = whole {
        assert_eq!(whole.first(), cut.first());
        whole.into_iter().for_each(check);
    }
}

fn results(happened: Vec<Happening>) -> Vec<Value> {
    let results = happened.into_iter().filter_map(|happening| match happening {
        Happening::Result(result) => Some(result),
        Happening::Step(_) | Happening::Asks { .. } => None,
    });
    results.collect()
}

fn check(result: Value) {
    if let Ok(listing) = Listing::of(result.clone()) {
        for listed in listing.tools.values().flatten() {
            assert!(is_clean(&listed.description) && listed.title.as_deref().is_none_or(is_clean));
            assert!(is_clean(&listed.input.to_string()));
            assert_eq!(listed.digest.len(), 64);
        }
    }
    let Ok(told) = Told::read(result) else { return };
    for piece in &told.content {
        match piece {
            Piece::Text(text) => assert!(is_clean(text)),
            Piece::Link { uri, name, .. } => assert!(uri.starts_with("http") && is_clean(name)),
            Piece::Resource { uri, .. } => assert!(!uri.starts_with("s3:") && !uri.starts_with("ondol:")),
            Piece::Image { media_type, .. } => assert!(media_type.starts_with("image/")),
            Piece::Audio { media_type, .. } => assert!(media_type.starts_with("audio/")),
        }
    }
    assert!(told.structured.is_none_or(|value| is_clean(&value.to_string())));
}
