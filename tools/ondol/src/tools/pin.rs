//! `ondol tools pin`: agrees to what other servers' tools say about themselves.

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use mcp::{Config, Found, Means, Standing, Survey, Words};
use prometheus_client::registry::Registry;
use toml_edit::{DocumentMut, Item, Table, value};

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
    for survey in surveys.iter().filter(wanted) {
        match &survey.outcome {
            Ok(found) => pins.extend(found.iter().filter_map(|found| shown(&survey.upstream, found))),
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

/// Says what would change about a tool, and how its pin is written, where it is another one.
fn shown(upstream: &str, found: &Found) -> Option<Pin> {
    let name = format!("{upstream}_{}", found.name);
    match &found.standing {
        Standing::Offered => say!("{name}: as it was pinned"),
        Standing::Unpinned => say!("{name}: new"),
        Standing::Changed { pin } => {
            say!("{name}: it says something else than when it was pinned");
            say!("  - {pin}");
        }
        Standing::Refused { problem } => say!("{name}: cannot be offered: {problem}"),
        Standing::Missing => say!("{name}: the server does not have it"),
        Standing::Other => {
            say!("{name}: not asked for; name it in `tools` of [upstreams.{upstream}] to pin it");
        }
    }
    if !matches!(found.standing, Standing::Unpinned | Standing::Changed { .. }) {
        return None;
    }
    let digest = found.digest.clone()?;
    say!("  + {digest}");
    found.words.iter().for_each(say_words);
    Some(Pin { upstream: upstream.to_owned(), tool: found.name.clone(), digest })
}

fn say_words(words: &Words) {
    if words.had_hidden {
        say!("  ! It has characters that cannot be seen. They are left out here, and where models read it.");
    }
    words.title.iter().for_each(|title| say!("  {title}"));
    words.description.lines().for_each(|line| say!("  | {line}"));
    let schema = serde_json::to_string_pretty(&words.input).unwrap_or_default();
    schema.lines().for_each(|line| say!("  > {line}"));
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
        let table = table
            .as_table_like_mut()
            .ok_or_else(|| anyhow!("pins of [upstreams.{}] is no table", pin.upstream))?;
        table.insert(&pin.tool, value(&pin.digest));
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Pin, pinned, write};

    fn pin(upstream: &str, tool: &str, digest: &str) -> Pin {
        Pin { upstream: upstream.to_owned(), tool: tool.to_owned(), digest: digest.to_owned() }
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
