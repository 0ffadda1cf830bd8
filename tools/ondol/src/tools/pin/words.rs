//! What somebody has agreed to, beside the pin: comments in the file, for whoever agrees to the next words.

use mcp::Words;
use toml_edit::{DocumentMut, Item, value};

/// What each line begins with, so that it is told apart from what people write there.
const MARK: &str = "#|";

/// What a tool says of itself, line by line: its title, and its description.
pub(super) fn lines(words: &Words) -> Vec<String> {
    let title = words.title.iter().map(String::as_str);
    let lines = title.chain(words.description.lines());
    // A comment holds no others.
    lines.map(|line| line.chars().filter(|c| !c.is_control() || *c == '\t').collect()).collect()
}

/// Writes a pin, and above it what was agreed to.
pub(super) fn write(table: &mut Item, tool: &str, digest: &str, lines: &[String]) -> Option<()> {
    // A table on one line has no place for comments.
    let has_lines = table.as_table().is_some_and(|table| !table.is_dotted());
    let before = prefix(table, tool).unwrap_or_default().to_owned();
    let table = table.as_table_like_mut()?;
    table.insert(tool, value(digest));
    if has_lines {
        let others = before.split_inclusive('\n').filter(|line| !line.trim_start().starts_with(MARK));
        let ours = lines.iter().map(|line| format!("{MARK} {line}").trim_end().to_owned() + "\n");
        let prefix: String = others.map(str::to_owned).chain(ours).collect();
        table.key_mut(tool)?.leaf_decor_mut().set_prefix(prefix);
    }
    Some(())
}

/// What was agreed to, if it is written there.
pub(super) fn agreed(file: &DocumentMut, upstream: &str, tool: &str) -> Option<Vec<String>> {
    let prefix = prefix(file.get("upstreams")?.get(upstream)?.get("pins")?, tool)?;
    let ours = prefix.lines().filter_map(|line| line.trim_start().strip_prefix(MARK));
    let ours: Vec<_> = ours.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()).collect();
    (!ours.is_empty()).then_some(ours)
}

/// Both, line by line: what is only among the old, what is only among the new, and what is in both.
pub(super) fn compared(old: &[String], new: &[String]) -> Vec<String> {
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-| {line}"));
    let mark = |line: &String| if old.contains(line) { " " } else { "+" };
    gone.chain(new.iter().map(|line| format!("{}| {line}", mark(line)))).collect()
}

fn prefix<'a>(table: &'a Item, tool: &str) -> Option<&'a str> {
    table.as_table()?.key(tool)?.leaf_decor().prefix()?.as_str()
}

#[cfg(test)]
mod tests {
    use super::compared;

    #[test]
    fn what_has_changed_is_marked() {
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (old, new) =
            (lines(&["Find", "Finds code."]), lines(&["Find", "Finds code, and sends it to us."]));
        let expected = ["-| Finds code.", " | Find", "+| Finds code, and sends it to us."];
        assert_eq!(compared(&old, &new), expected);
        assert_eq!(compared(&[], &new)[0], "+| Find");
    }
}
