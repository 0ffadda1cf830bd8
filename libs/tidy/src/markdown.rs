//! Markdown, as far as rules need to understand it: headings, code blocks, links.

/// What stands on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A heading: how many `#`, and its text.
    Heading(usize, &'a str),
    /// A line of a code block, its fences included.
    Code(&'a str),
    /// Anything else.
    Prose(&'a str),
}

/// The lines of a document.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut in_code = false;
    text.lines().map(move |line| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return Line::Code(line);
        }
        if in_code {
            return Line::Code(line);
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        match line.get(level..).and_then(|rest| rest.strip_prefix(' ')) {
            Some(title) if level > 0 => Line::Heading(level, title.trim()),
            _ => Line::Prose(line),
        }
    })
}

/// The targets of the links and images in a line of prose: `[text](target)`.
pub(crate) fn link_targets(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?;
        Some(target.trim_matches(['<', '>']))
    })
}

/// The anchor a heading gets when the page is shown.
pub(crate) fn anchor(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    title.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Line, anchor, lines, link_targets};

    #[test]
    fn a_comment_in_a_code_block_is_no_heading() {
        let found: Vec<_> = lines("# A\n```sh\n# b\n```\n#no").collect();
        let expected = [
            Line::Heading(1, "A"),
            Line::Code("```sh"),
            Line::Code("# b"),
            Line::Code("```"),
            Line::Prose("#no"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn links_and_anchors_are_as_a_browser_shows_them() {
        let found: Vec<_> = link_targets("see [a](x.md#b), ![c](d.png \"t\") and [e](<f g>)").collect();
        assert_eq!(found, ["x.md#b", "d.png", "f"]);
        assert_eq!(anchor("What `up` does, and why"), "what-up-does-and-why");
        assert_eq!(anchor("한 번의 호출"), "한-번의-호출");
    }
}
