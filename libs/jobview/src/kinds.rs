//! The kinds of jobs that callers create.

use fault::Violation;

/// The fields of `work`.
pub const KINDS: [&str; 3] = ["generate_text", "batch", "call_tool"];

/// Which of these words, in a list of that name, are no such kind: each is named by its place.
pub fn unknown_kinds(list: &str, words: &[String]) -> Vec<Violation> {
    let unknown = words.iter().enumerate().filter(|(_, word)| !KINDS.contains(&word.as_str()));
    let rule = format!("expected a kind of jobs, one of {}", KINDS.join(", "));
    unknown
        .map(|(at, word)| Violation::new(format!("{list}[{at}]"), format!("{rule}, got {word:?}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::field_descriptor_proto::Type;

    use super::{KINDS, unknown_kinds};

    #[test]
    fn the_kinds_are_those_of_the_contract() {
        let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
        let file = files
            .into_iter()
            .find(|file| file.package() == "ondol.jobs.v1" && file.name().ends_with("/job.proto"));
        let job = file.unwrap().message_type.into_iter().find(|message| message.name() == "Job").unwrap();
        let kinds =
            job.field.iter().filter(|field| field.oneof_index.is_some() && field.r#type() == Type::Message);
        let kinds: Vec<_> = kinds.map(|field| field.name().to_owned()).collect();
        assert_eq!(kinds, KINDS);
    }

    #[test]
    fn every_unknown_kind_is_named_with_those_that_there_are() {
        assert_eq!(unknown_kinds("jobs", &KINDS.map(str::to_owned)), []);
        let words = ["generate", "batch", "batch*"].map(str::to_owned);
        let wrong = unknown_kinds("jobs", &words);
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["jobs[0]", "jobs[2]"]);
        assert!(
            wrong[0].description.contains("generate_text, batch, call_tool, got \"generate\""),
            "{wrong:?}"
        );
    }
}
