//! An answer as a message.

use proto::tools::v1::{self as wire, content::Content as Piece};
use tools::{Content, Output};

/// The answer as a message.
pub(crate) fn answer(answer: Output) -> wire::CallToolResponse {
    wire::CallToolResponse {
        answer: whole(&answer).unwrap_or_default(),
        structured_content: answer.structured.as_ref().map(contract::answer_value),
        content: answer
            .content
            .into_iter()
            .map(|piece| wire::Content { content: Some(content(piece)) })
            .collect(),
        is_error: answer.is_error,
    }
}

/// The name of all of it, where this is not all.
fn whole(answer: &Output) -> Option<String> {
    let whole = answer.content.iter().find_map(|piece| match piece {
        Content::Whole(link) => Some(link),
        _ => None,
    });
    whole.map(|link| format!("answers/{}", link.name))
}

fn content(piece: Content) -> Piece {
    match piece {
        Content::Text(text) => Piece::Text(text),
        Content::Image { data, media_type } => Piece::Image(wire::Media { data: data.into(), media_type }),
        Content::Audio { data, media_type } => Piece::Audio(wire::Media { data: data.into(), media_type }),
        Content::Resource { uri, media_type, data } => {
            Piece::Resource(wire::Resource { uri, media_type, data: data.into() })
        }
        Content::Link(link) | Content::Whole(link) => Piece::Link(wire::Link {
            uri: link.uri,
            name: link.name,
            description: link.description.unwrap_or_default(),
            media_type: link.media_type.unwrap_or_default(),
            size_bytes: link.size,
        }),
    }
}
