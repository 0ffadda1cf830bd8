//! What a call came to.

use federation::{FederationError, Piece, Told};
use secrets::Redactor;
use tools::{Content, Link, Output, ToolsError};

use super::link::Trouble;
use crate::sources::structured::object;

/// The protocol's code for arguments that do not fit.
const WRONG_ARGUMENTS: i64 = -32602;

/// The answer, as one of ours. Texts were cleaned of secrets before; bytes that hold one are not handed on.
pub(super) fn output(told: Told, redactor: &Redactor, tool: &str) -> Result<Output, ToolsError> {
    let leaks = told.content.iter().any(|piece| match piece {
        Piece::Image { data, .. } | Piece::Audio { data, .. } | Piece::Resource { data, .. } => {
            redactor.holds(data)
        }
        Piece::Text(_) | Piece::Link { .. } => false,
    });
    if leaks {
        let problem = "it repeats a secret among bytes".to_owned();
        return Err(ToolsError::BadAnswer { name: tool.to_owned(), problem });
    }
    let mut content: Vec<_> = told.content.into_iter().map(piece).collect();
    let structured = told.structured.map(object);
    if let (true, Some(value)) = (content.is_empty(), &structured) {
        // For those who read only text.
        content.push(Content::Text(value.to_string()));
    }
    Ok(Output { structured, content, is_error: told.is_error })
}

fn piece(piece: Piece) -> Content {
    match piece {
        Piece::Text(text) => Content::Text(text),
        Piece::Image { data, media_type } => Content::Image { data, media_type },
        Piece::Audio { data, media_type } => Content::Audio { data, media_type },
        Piece::Resource { uri, media_type, data } => Content::Resource { uri, media_type, data },
        Piece::Link { uri, name, description, media_type, size } => {
            Content::Link(Link { uri, name, description, media_type, size })
        }
    }
}

/// Why there is none: told as an answer where the caller can mend it, and an error that counts against the server where not.
pub(super) fn unanswered(trouble: Trouble, tool: &str, upstream: &str) -> Result<Output, ToolsError> {
    let error = match trouble {
        Trouble::Ours(error) => return Err(error),
        Trouble::Theirs(error) => error,
    };
    match error {
        FederationError::Egress(error) => Err(ToolsError::inner(error)),
        FederationError::Refused { code: WRONG_ARGUMENTS, message } => {
            Ok(Output::refusal(format!("{upstream} refused the call: {message}")))
        }
        FederationError::AsksBack => Ok(Output::refusal(error.to_string())),
        FederationError::Broken(problem) => {
            Err(ToolsError::BadAnswer { name: tool.to_owned(), problem: problem.into_owned() })
        }
        FederationError::Credentials { status } => {
            tracing::error!(tool, upstream, %status, "the upstream refuses the tool's credentials");
            Err(failed(upstream, &error))
        }
        other => Err(failed(upstream, &other)),
    }
}

fn failed(upstream: &str, error: &FederationError) -> ToolsError {
    use fault::Fault;
    ToolsError::Upstream {
        upstream: upstream.to_owned(),
        message: error.public_message().into_owned(),
        retry_after: error.retry_after(),
        source: None,
    }
}
