//! What there is to call, and what it takes.

use transcoding::{Rpc, Shape, Transcoder};

use super::find::name;
use crate::output::say;

/// Prints every service with its methods.
pub(super) fn list(contract: &Transcoder) {
    for line in listed(contract) {
        say!("{line}");
    }
    say!("\n`ondol call METHOD --describe` shows what one takes and answers.");
}

/// Prints what a method takes and answers.
pub(super) fn whole(rpc: &Rpc) -> anyhow::Result<()> {
    for line in described(rpc)? {
        say!("{line}");
    }
    Ok(())
}

/// Prints a request as one could be.
pub(super) fn example(rpc: &Rpc) -> anyhow::Result<()> {
    say!("{}", rpc.takes()?.example);
    Ok(())
}

fn listed(contract: &Transcoder) -> Vec<String> {
    let (mut lines, mut last) = (Vec::new(), String::new());
    for rpc in contract.rpcs() {
        let (service, method) = name(&rpc).split_once('/').unwrap_or_default();
        if service != last {
            lines.push(service.to_owned());
            service.clone_into(&mut last);
        }
        let stream = if rpc.streams() { " (stream)" } else { "" };
        lines.push(format!("  {method:<20}  {}{stream}", rpc.summary()));
    }
    lines
}

fn described(rpc: &Rpc) -> anyhow::Result<Vec<String>> {
    let (takes, answers) = (rpc.takes()?, rpc.answers()?);
    let answered = if rpc.streams() { "Answers a stream of" } else { "Answers" };
    let mut lines = vec![name(rpc).to_owned(), String::new(), rpc.comment(), String::new()];
    lines.extend(part(&format!("Takes {}:", takes.name), &takes));
    lines.push(String::new());
    lines.extend(part(&format!("{answered} {}:", answers.name), &answers));
    Ok(lines)
}

/// A message: an example, then its fields.
fn part(head: &str, shape: &Shape) -> Vec<String> {
    let mut lines = vec![head.to_owned(), String::new(), shape.example.clone()];
    for field in &shape.fields {
        lines.push(String::new());
        lines.push(format!("{}  {}", field.path, field.kind));
        if !field.comment.is_empty() {
            lines.push(format!("    {}", field.comment));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use transcoding::{Scope, Transcoder};

    use super::{described, listed};

    fn contract() -> Transcoder {
        Transcoder::new(proto::DESCRIPTORS, &Scope::default()).unwrap()
    }

    #[test]
    fn every_service_is_listed_once_with_its_methods() {
        let lines = listed(&contract());
        assert_eq!(lines.iter().filter(|line| *line == "ondol.jobs.v1.JobService").count(), 1);
        let watch = lines.iter().find(|line| line.starts_with("  WatchJob ")).unwrap();
        assert!(watch.ends_with(" (stream)"), "{watch}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("  ")).count(), contract().rpcs().count());
    }

    #[test]
    fn a_method_is_described_with_what_the_contract_says() {
        let rpc = contract().rpc("ondol.inference.v1.InferenceService/StreamGenerateText").unwrap();
        let text = described(&rpc).unwrap().join("\n");
        for words in [
            "Takes ondol.inference.v1.GenerateTextRequest:\n\n{\n",
            "\n\nmessages[].role  string\n    Required. ",
            "Answers a stream of ondol.inference.v1.StreamGenerateTextResponse:",
        ] {
            assert!(text.contains(words), "{words:?} is missing in\n{text}");
        }
    }
}
