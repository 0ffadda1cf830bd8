//! What to generate from: a conversation, or plain text.

use fault::Violation;
use proto::inference::v1 as wire;

use crate::Invalid;

/// The most messages in one conversation.
pub const MAX_MESSAGES: usize = 1024;
/// The most bytes of text in one prompt, all messages together.
pub const MAX_PROMPT_BYTES: usize = 1 << 20;

/// A checked prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// A conversation for the model's chat template; never empty, and the last message is not the assistant's.
    Messages(Vec<Message>),
    /// Plain text to continue; never empty.
    Text(String),
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; never empty.
    pub text: String,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions that hold for the whole conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The role as requests and chat templates spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    fn parse(role: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant].into_iter().find(|known| known.as_str() == role)
    }
}

impl Prompt {
    /// Checks the `messages` and `prompt` fields that generating and counting have in common.
    pub fn new(messages: Vec<wire::Message>, prompt: String) -> Result<Self, Invalid> {
        let roles = check(&messages, &prompt)?;
        if messages.is_empty() {
            return Ok(Self::Text(prompt));
        }
        let messages = messages.into_iter().zip(roles);
        Ok(Self::Messages(messages.map(|(message, role)| Message { role, text: message.text }).collect()))
    }

    /// The same check for a service that only passes the fields on.
    pub fn check(messages: &[wire::Message], prompt: &str) -> Result<(), Invalid> {
        check(messages, prompt).map(drop)
    }
}

/// Every rule by itself, so that no mistake hides another. The roles are complete where there is none.
fn check(messages: &[wire::Message], prompt: &str) -> Result<Vec<Role>, Invalid> {
    let mut found = Vec::new();
    match (messages.is_empty(), prompt.is_empty()) {
        (true, true) => found.push(Violation::new("messages", "either messages or prompt is required")),
        (false, false) => found.push(Violation::new("prompt", "give either messages or prompt, not both")),
        (true, false) | (false, true) => {}
    }
    found.extend(beyond("prompt", prompt.len()));
    found.extend(beyond("messages", messages.iter().map(|message| message.text.len()).sum()));
    if messages.len() > MAX_MESSAGES {
        let given = messages.len();
        let rule = format!("at most {MAX_MESSAGES} messages, but {given} came");
        found.push(Violation::new("messages", rule));
    }
    let roles = roles(messages, &mut found);
    Invalid::none_or(found).map(|()| roles)
}

/// The roles that can be read.
fn roles(messages: &[wire::Message], found: &mut Vec<Violation>) -> Vec<Role> {
    let mut roles = Vec::with_capacity(messages.len().min(MAX_MESSAGES));
    for (index, message) in messages.iter().enumerate().take(MAX_MESSAGES) {
        if message.text.is_empty() {
            found.push(Violation::new(format!("messages[{index}].text"), "is required"));
        }
        match Role::parse(&message.role) {
            Some(role) => roles.push(role),
            None => found.push(unknown_role(index, &message.role)),
        }
    }
    if messages.last().is_some_and(|message| message.role == Role::Assistant.as_str()) {
        let last = format!("messages[{}].role", messages.len() - 1);
        found.push(Violation::new(last, "the last message must be the user's or the system's"));
    }
    roles
}

fn unknown_role(index: usize, role: &str) -> Violation {
    let shown: String = role.chars().take(32).collect();
    let rule = format!("must be `system`, `user` or `assistant`, but is {shown:?}");
    Violation::new(format!("messages[{index}].role"), rule)
}

fn beyond(field: &str, bytes: usize) -> Option<Violation> {
    let rule = || format!("at most {MAX_PROMPT_BYTES} bytes of text, but {bytes} came");
    (bytes > MAX_PROMPT_BYTES).then(|| Violation::new(field, rule()))
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::*;

    fn message(role: &str, text: &str) -> wire::Message {
        wire::Message { role: role.into(), text: text.into() }
    }

    fn fields(messages: Vec<wire::Message>, prompt: &str) -> Vec<String> {
        let error = Prompt::new(messages, prompt.into()).unwrap_err();
        error.violations().iter().map(|violation| violation.field.clone()).collect()
    }

    #[test]
    fn takes_a_conversation_or_text() {
        let prompt = Prompt::new(vec![message("system", "Be brief."), message("user", "Hi")], String::new());
        let Ok(Prompt::Messages(messages)) = prompt else { panic!("{prompt:?}") };
        assert_eq!(messages[1], Message { role: Role::User, text: "Hi".into() });
        assert_eq!(Prompt::new(vec![], "Once".into()).unwrap(), Prompt::Text("Once".into()));
    }

    #[test]
    fn wants_exactly_one_of_both() {
        assert_eq!(fields(vec![], ""), ["messages"]);
        assert_eq!(fields(vec![message("user", "Hi")], "Once"), ["prompt"]);
        assert_eq!(
            fields(vec![message("robot", "")], "Once"),
            ["prompt", "messages[0].text", "messages[0].role"]
        );
    }

    #[test]
    fn names_every_wrong_message() {
        let messages = vec![message("robot", "Hi"), message("user", ""), message("", "x")];
        assert_eq!(fields(messages, ""), ["messages[0].role", "messages[1].text", "messages[2].role"]);
        let messages = vec![message("robot", ""), message("assistant", "x")];
        assert_eq!(fields(messages, ""), ["messages[0].text", "messages[0].role", "messages[1].role"]);
    }

    #[test]
    fn refuses_to_speak_after_the_assistant() {
        assert_eq!(fields(vec![message("user", "Hi"), message("assistant", "Yo")], ""), ["messages[1].role"]);
    }

    #[test]
    fn holds_its_limits() {
        let many = vec![message("user", "x"); MAX_MESSAGES + 1];
        assert_eq!(fields(many, ""), ["messages"]);
        assert!(Prompt::new(vec![message("user", "x"); MAX_MESSAGES], String::new()).is_ok());
        assert_eq!(fields(vec![], &"x".repeat(MAX_PROMPT_BYTES + 1)), ["prompt"]);
        assert!(Prompt::new(vec![], "x".repeat(MAX_PROMPT_BYTES)).is_ok());
        let half = "x".repeat(MAX_PROMPT_BYTES / 2 + 1);
        assert_eq!(fields(vec![message("user", &half), message("user", &half)], ""), ["messages"]);
    }
}
