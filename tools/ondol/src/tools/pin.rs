//! `ondol tools pin`: agrees to what other servers' tools say about themselves.

mod words;

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use mcp::{Config, Found, Means, Standing, Survey, Words};
use prometheus_client::registry::Registry;
use toml_edit::{DocumentMut, Item, Table};

use crate::output::say;

/// Which file.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The TOML file that describes the tools
    file: std::path::PathBuf,
    /// Only this upstream, repeatable
    #[arg(long, value_name = "NAME")]
    upstream: Vec<String>,
    /// Write the pins into the file; without it they are only shown
    #[arg(long)]
    write: bool,
}

/// A pin to be written.
struct Pin {
    upstream: String,
    tool: String,
    digest: String,
    /// What is agreed to.
    lines: Vec<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let surveys = survey(&arguments.file)?;
    let known: Vec<_> = surveys.iter().map(|survey| survey.upstream.as_str()).collect();
    if let Some(unknown) = arguments.upstream.iter().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "{} describes no upstream {unknown}; there are: {}",
            arguments.file.display(),
            known.join(", ")
        );
    }
    let wanted =
        |survey: &&Survey| arguments.upstream.is_empty() || arguments.upstream.contains(&survey.upstream);
    let (mut pins, mut failed) = (Vec::new(), false);
    let before: DocumentMut = fs::read_to_string(&arguments.file)?.parse().context("the file is not TOML")?;
    for survey in surveys.iter().filter(wanted) {
        match &survey.outcome {
            Ok(found) => {
                pins.extend(found.iter().filter_map(|found| shown(&survey.upstream, found, &before)));
            }
            Err(problem) => {
                failed = true;
                say!("{}: it could not be asked: {problem}", survey.upstream);
            }
        }
    }
    if pins.is_empty() {
        say!("Nothing to pin.");
    } else if arguments.write {
        write(&arguments.file, &pins)?;
        say!("{} pins written to {}", pins.len(), arguments.file.display());
    } else {
        say!("Read what they say. If models may be told that, run this again with --write.");
    }
    if failed { Err(anyhow!("not all upstreams could be asked")) } else { Ok(()) }
}

/// What the servers of a file have.
pub(super) fn survey(file: &Path) -> anyhow::Result<Vec<Survey>> {
    let config = Config::read(file)?;
    runtime::install_crypto_provider();
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    executor.block_on(async {
        let means = Means::register(&mut Registry::default(), None);
        Ok(Box::pin(mcp::survey(&config, &means)).await?)
    })
}

/// Says what becomes of a tool, and how its pin is written, where it is another one.
fn shown(upstream: &str, found: &Found, file: &DocumentMut) -> Option<Pin> {
    let agreed = words::agreed(file, upstream, &found.name);
    for line in told(upstream, found, agreed.as_deref()) {
        say!("{line}");
    }
    pin(upstream, found)
}

/// What becomes of a tool, and what it says, where somebody has to decide about it. `agreed` is what it said when it was
/// pinned, if that was written down.
fn told(upstream: &str, found: &Found, agreed: Option<&[String]>) -> Vec<String> {
    let name = format!("{upstream}_{}", found.name);
    let mut told = match &found.standing {
        Standing::Offered => return vec![format!("{name}: as it was pinned")],
        Standing::Missing => return vec![format!("{name}: the server does not have it")],
        Standing::Refused { problem } => return vec![format!("{name}: cannot be offered: {problem}")],
        Standing::Unpinned => vec![format!("{name}: new")],
        Standing::Changed { pin } => {
            vec![format!("{name}: it says something else than when it was pinned"), format!("  - {pin}")]
        }
        Standing::Other => {
            vec![format!("{name}: not asked for; name it in `tools` of [upstreams.{upstream}] to pin it")]
        }
    };
    told.extend(found.digest.iter().map(|digest| format!("  + {digest}")));
    if let Some(words) = &found.words {
        let agreed = agreed.filter(|_| matches!(found.standing, Standing::Changed { .. }));
        told.extend(said(words, agreed).into_iter().map(|line| format!("  {line}")));
        // Whoever chooses among tools that were never asked for need not read all of each.
        if found.standing != Standing::Other {
            let schema = serde_json::to_string_pretty(&words.input).unwrap_or_default();
            told.extend(schema.lines().map(|line| format!("   > {line}")));
        }
    }
    told
}

fn said(words: &Words, agreed: Option<&[String]>) -> Vec<String> {
    let mut said = Vec::new();
    if words.had_hidden {
        let hidden =
            "! It has characters that cannot be seen. They are left out here, and where models read it.";
        said.push(hidden.to_owned());
    }
    let lines = words::lines(words);
    match agreed {
        Some(agreed) if agreed == lines => {
            said.extend(words::compared(&lines, &lines));
            said.push(
                "! Its words are those that were agreed to: a schema or a hint is another one.".to_owned(),
            );
        }
        Some(agreed) => said.extend(words::compared(agreed, &lines)),
        None => said.extend(words::compared(&lines, &lines)),
    }
    said
}

/// How a tool's pin is written, where it is another one.
fn pin(upstream: &str, found: &Found) -> Option<Pin> {
    if !matches!(found.standing, Standing::Unpinned | Standing::Changed { .. }) {
        return None;
    }
    let lines = found.words.as_ref().map(words::lines).unwrap_or_default();
    Some(Pin {
        upstream: upstream.to_owned(),
        tool: found.name.clone(),
        digest: found.digest.clone()?,
        lines,
    })
}

/// Writes pins into the file, whose other words stay as they are.
fn write(file: &Path, pins: &[Pin]) -> anyhow::Result<()> {
    let context = || format!("writing {}", file.display());
    // What is a link stays one.
    let file = fs::canonicalize(file).with_context(context)?;
    let text = pinned(&fs::read_to_string(&file).with_context(context)?, pins)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    // Whoever reads it meanwhile reads the whole of one or of the other.
    let mut fresh = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    fresh.write_all(text.as_bytes()).with_context(context)?;
    fs::set_permissions(fresh.path(), fs::metadata(&file).with_context(context)?.permissions())
        .with_context(context)?;
    fresh.as_file().sync_all().with_context(context)?;
    fresh.persist(&file).with_context(context)?;
    Ok(())
}

fn pinned(text: &str, pins: &[Pin]) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse().context("the file has changed meanwhile")?;
    for pin in pins {
        let place = document
            .get_mut("upstreams")
            .and_then(|upstreams| upstreams.get_mut(&pin.upstream))
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| anyhow!("the file has no [upstreams.{}] any more", pin.upstream))?;
        let table = place.entry("pins").or_insert(Item::Table(Table::new()));
        words::write(table, &pin.tool, &pin.digest, &pin.lines)
            .ok_or_else(|| anyhow!("pins of [upstreams.{}] is no table", pin.upstream))?;
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mcp::{Found, Standing, Words};
    use serde_json::json;

    use super::{Pin, pinned, told, words, write};

    fn pin(upstream: &str, tool: &str, digest: &str) -> Pin {
        Pin {
            upstream: upstream.to_owned(),
            tool: tool.to_owned(),
            digest: digest.to_owned(),
            lines: Vec::new(),
        }
    }

    fn found(standing: Standing, description: &str) -> Found {
        let words = Words {
            title: Some("Find".to_owned()),
            description: description.to_owned(),
            input: json!({"type": "object"}),
            had_hidden: false,
        };
        Found { name: "find".to_owned(), standing, digest: Some("d".repeat(64)), words: Some(words) }
    }

    #[test]
    fn whoever_is_asked_to_agree_reads_what_to() {
        for standing in [Standing::Unpinned, Standing::Other, Standing::Changed { pin: "e".repeat(64) }] {
            let told = told("up", &found(standing.clone(), "Finds code."), None).join("\n");
            assert!(told.contains("| Find\n") && told.contains("| Finds code."), "{standing:?}: {told}");
        }
        let old = ["Find".to_owned(), "Finds code.".to_owned()];
        let changed = found(Standing::Changed { pin: "e".repeat(64) }, "Finds secrets.");
        let told_both = told("up", &changed, Some(&old)).join("\n");
        assert!(
            told_both.contains("-| Finds code.") && told_both.contains("+| Finds secrets."),
            "{told_both}"
        );
        let same = found(Standing::Changed { pin: "e".repeat(64) }, "Finds code.");
        assert!(told("up", &same, Some(&old)).join("\n").contains("a schema or a hint"));
    }

    #[test]
    fn what_was_agreed_to_is_written_beside_its_pin_and_found_again() {
        let mut pins = [pin("up", "a", "3")];
        pins[0].lines = vec!["Find".to_owned(), "Finds code.".to_owned()];
        let file = FILE.replace("a = \"2\"\n", "# Ours too.\na = \"2\"\n");
        let once = pinned(&file, &pins).unwrap();
        assert!(once.contains("# Ours too.\n#| Find\n#| Finds code.\na = \"3\"\n"), "{once}");
        let agreed = words::agreed(&once.parse().unwrap(), "up", "a");
        assert_eq!(agreed.as_deref(), Some(&pins[0].lines[..]));
        pins[0].lines = vec!["Finds more.".to_owned()];
        let twice = pinned(&once, &pins).unwrap();
        assert!(twice.contains("# Ours too.\n#| Finds more.\na = \"3\"\n"), "{twice}");
        assert!(!twice.contains("Finds code"), "{twice}");
        let inline = "[upstreams]\nup = { url = \"x\", pins = { a = \"1\" } }\n";
        let expected = "[upstreams]\nup = { url = \"x\", pins = { a = \"3\" } }\n";
        assert_eq!(pinned(inline, &pins).unwrap(), expected);
    }

    const FILE: &str = "# Ours.\n[policy]\ntimeout = \"9s\" # long\n\n[upstreams.up]\nurl = \"https://a.example/mcp\"\ntools = [\n  \"a\", # first\n]\n\n[upstreams.up.pins]\nold = \"1\"\na = \"2\"\n\n[upstreams.other]\nurl = \"https://b.example/mcp\"\n\n[tools.up_a]\nenabled = true\n";

    #[test]
    fn everything_else_stays_as_it_was_written() {
        let pins = [pin("up", "a", "3"), pin("up", "b", "4"), pin("other", "c", "5")];
        let text = pinned(FILE, &pins).unwrap();
        let expected = FILE.replace("a = \"2\"\n", "a = \"3\"\nb = \"4\"\n").replace(
            "url = \"https://b.example/mcp\"\n",
            "url = \"https://b.example/mcp\"\n\n[upstreams.other.pins]\nc = \"5\"\n",
        );
        assert_eq!(text, expected);
        let inline = pinned("[upstreams]\nup = { url = \"x\", pins = { a = \"1\" } }\n", &pins[..2]).unwrap();
        assert_eq!(inline, "[upstreams]\nup = { url = \"x\", pins = { a = \"3\", b = \"4\" } }\n");
    }

    #[test]
    fn a_file_that_has_changed_meanwhile_is_left() {
        assert!(pinned("[upstreams.other]\n", &[pin("up", "a", "3")]).is_err());
        assert!(pinned("[upstreams.up]\npins = 3\n", &[pin("up", "a", "3")]).is_err());
        assert!(pinned("[upstreams", &[]).is_err());
    }

    #[test]
    fn the_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tools.toml");
        fs::write(&file, FILE).unwrap();
        write(&file, &[pin("up", "a", "3")]).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("a = \"3\""));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
