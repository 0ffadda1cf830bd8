//! The contract's names of fields, as whoever sent the request calls them.

/// How a request called what the contract calls otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The limit of the answer's length.
    pub(crate) max_tokens: &'static str,
    pub(crate) prompt: Prompt,
}

/// Where the prompt stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prompt {
    /// `messages`, with a `content` each.
    Messages,
    /// `prompt`.
    Text,
    /// `input`, behind `instructions` where there are any.
    Input { instructed: bool, list: bool },
}

impl Names {
    /// The name of a field of the contract, such as `sampling.top_p`.
    pub(crate) fn of(&self, field: &str) -> String {
        if let Some(name) = field.strip_prefix("sampling.") {
            return name.to_owned();
        }
        match field.strip_prefix("stop.") {
            Some("ignore_end") => return "ignore_eos".to_owned(),
            Some("include_string") => return "include_stop_str_in_output".to_owned(),
            Some(name) => return name.replacen("strings", "stop", 1),
            None => {}
        }
        match field {
            "max_tokens" => self.max_tokens.to_owned(),
            "messages" | "prompt" => self.prompt.whole().to_owned(),
            _ => {
                within(field).map_or_else(|| field.to_owned(), |(index, rest)| self.prompt.part(index, rest))
            }
        }
    }
}

impl Prompt {
    fn whole(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Text => "prompt",
            Self::Input { .. } => "input",
        }
    }

    /// `rest` of the message at `index`.
    fn part(self, index: usize, rest: &str) -> String {
        let rest = rest.replacen(".text", ".content", 1);
        match self {
            Self::Messages => format!("messages[{index}]{rest}"),
            Self::Input { instructed: true, .. } if index == 0 => "instructions".to_owned(),
            Self::Input { instructed, list: true } => {
                format!("input[{}]{rest}", index - usize::from(instructed))
            }
            Self::Text | Self::Input { list: false, .. } => self.whole().to_owned(),
        }
    }
}

/// The index of a message, and what stands behind it.
fn within(field: &str) -> Option<(usize, &str)> {
    let (index, rest) = field.strip_prefix("messages[")?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::{Names, Prompt};

    fn called(prompt: Prompt, field: &str) -> String {
        Names { max_tokens: "max_output_tokens", prompt }.of(field)
    }

    #[test]
    fn fields_of_the_contract_have_openai_s_names() {
        for (field, name) in [
            ("sampling.top_p", "top_p"),
            ("stop.strings[2]", "stop[2]"),
            ("stop.strings", "stop"),
            ("stop.min_tokens", "min_tokens"),
            ("stop.ignore_end", "ignore_eos"),
            ("max_tokens", "max_output_tokens"),
            ("model", "model"),
            ("messages", "messages"),
            ("messages[3].text", "messages[3].content"),
            ("messages[3].role", "messages[3].role"),
            ("messages[x].role", "messages[x].role"),
        ] {
            assert_eq!(called(Prompt::Messages, field), name);
        }
    }

    #[test]
    fn the_prompt_is_named_where_it_stood() {
        assert_eq!(called(Prompt::Text, "messages"), "prompt");
        let list = |instructed| Prompt::Input { instructed, list: true };
        assert_eq!(called(list(false), "messages[1].text"), "input[1].content");
        assert_eq!(called(list(true), "messages[1].text"), "input[0].content");
        assert_eq!(called(list(true), "messages[0].text"), "instructions");
        let text = Prompt::Input { instructed: true, list: false };
        assert_eq!(called(text, "messages[1].text"), "input");
        assert_eq!(called(text, "messages"), "input");
    }
}
