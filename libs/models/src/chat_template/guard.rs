//! Keeps what messages spell apart from what the template spells.

use fault::Violation;

use super::ChatMessage;
use crate::{
    ModelError,
    tokenizer::{Shield, SpecialTokens},
};

/// Far longer than any role a template knows.
const MAX_ROLE: usize = 64;

/// Checks what must hold for any template.
pub(super) fn check(messages: &[ChatMessage]) -> Result<(), ModelError> {
    let mut violations = Vec::new();
    if messages.is_empty() {
        violations.push(Violation::new("messages", "is empty, expected at least one message"));
    }
    for (index, message) in messages.iter().enumerate() {
        if !is_role(&message.role) {
            violations.push(Violation::new(
                format!("messages[{index}].role"),
                "expected 1 to 64 ASCII letters, digits, `_` and `-`, such as `user`",
            ));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(ModelError::Messages { violations }) }
}

/// The messages with a mark for every special token that a content spells, and the shield that takes the marks away
/// again; none when no content spells any, which is nearly always.
pub(super) fn shield(
    specials: &SpecialTokens,
    template: &str,
    messages: &[ChatMessage],
) -> Result<Option<(Shield, Vec<ChatMessage>)>, ModelError> {
    let texts = messages.iter().flat_map(|message| [message.role.as_str(), message.content.as_str()]);
    let mut shield = Shield::apart_from(texts.chain([template]));
    let mut marked = Vec::with_capacity(messages.len());
    for message in messages {
        let content = mark(specials, &mut shield, &message.content).ok_or_else(|| ModelError::Encode {
            problem: "the messages use too many different private-use characters (U+F0000 to U+FFFFD)"
                .to_owned(),
        })?;
        marked.push(ChatMessage { role: message.role.clone(), content });
    }
    Ok((!shield.is_empty()).then_some((shield, marked)))
}

/// Replaces what could be read as a special token by marks.
fn mark(specials: &SpecialTokens, shield: &mut Shield, content: &str) -> Option<String> {
    let mut ranges = specials.find(content);
    // Text that only begins a special token could be completed by what the template puts behind it, once the template
    // has trimmed the end.
    let trimmed = content.trim_end();
    let begun = trimmed.len() - specials.begun_at_end(trimmed);
    if begun < trimmed.len() && ranges.last().is_none_or(|last| last.end <= begun) {
        ranges.push(begun..trimmed.len());
    }
    let mut marked = String::with_capacity(content.len());
    let mut end = 0;
    for range in ranges {
        marked.push_str(content.get(end..range.start)?);
        marked.push(shield.mark(content.get(range.clone())?)?);
        end = range.end;
    }
    marked.push_str(content.get(end..)?);
    Some(marked)
}

fn is_role(role: &str) -> bool {
    (1..=MAX_ROLE).contains(&role.len())
        && role.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
