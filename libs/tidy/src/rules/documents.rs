//! Documents that can be trusted: links that lead somewhere, and two READMEs that say the same.

use std::path::{Component, Path, PathBuf};

use crate::{
    File, Finding, Repository,
    markdown::{Line, anchor, lines, link_targets},
};

/// Every relative link leads to a file, and to a heading where it names one.
pub fn links_lead_somewhere(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("md") {
        for (index, line) in lines(&file.text).enumerate() {
            let (Line::Prose(text) | Line::Heading(_, text)) = line else { continue };
            let broken = link_targets(text).filter(|target| !leads_somewhere(repository, file, target));
            findings.extend(broken.map(|target| {
                let message = format!("the link to {target} leads nowhere: mend it or take it out");
                Finding::new("links", &file.path, index + 1, message)
            }));
        }
    }
    findings
}

fn leads_somewhere(repository: &Repository, from: &File, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(&from.path).parent().unwrap_or(Path::new(""));
    let path = if path.is_empty() { from.path.clone() } else { normalise(&folder.join(path)) };
    if heading.is_empty() {
        return repository.contains(&path);
    }
    let headings = |page: &File| {
        lines(&page.text).any(|line| matches!(line, Line::Heading(_, title) if anchor(title) == heading))
    };
    repository.file(&path).is_some_and(headings)
}

/// The path without `.` and `..`.
fn normalise(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.to_string_lossy().into_owned()
}

/// The English and the Korean README have the same headings, by level, and the same code blocks.
pub fn readmes_agree(repository: &Repository) -> Vec<Finding> {
    let (Some(english), Some(korean)) = (repository.file("README.md"), repository.file("README.ko.md"))
    else {
        let message = "README.md and README.ko.md are both needed".to_owned();
        return vec![Finding::new("readmes", "README.md", None, message)];
    };
    let (theirs, ours) = (skeleton(english), skeleton(korean));
    let length = theirs.len().max(ours.len());
    let Some(at) = (0..length).find(|at| theirs.get(*at).map(|(_, p)| p) != ours.get(*at).map(|(_, p)| p))
    else {
        return Vec::new();
    };
    let shown = |part: Option<&(usize, Part<'_>)>| match part {
        Some((_, Part::Heading(level))) => format!("a heading of level {level}"),
        Some((_, Part::Code(code))) => format!("the code `{code}`"),
        None => "nothing more".to_owned(),
    };
    let message = format!(
        "README.md has {} where this page has {}: headings and code blocks are the same on both pages",
        shown(theirs.get(at)),
        shown(ours.get(at))
    );
    vec![Finding::new("readmes", &korean.path, ours.get(at).map(|(line, _)| *line), message)]
}

#[derive(PartialEq, Eq)]
enum Part<'a> {
    Heading(usize),
    Code(&'a str),
}

fn skeleton(file: &File) -> Vec<(usize, Part<'_>)> {
    let parts = lines(&file.text).enumerate().filter_map(|(index, line)| match line {
        Line::Heading(level, _) => Some((index + 1, Part::Heading(level))),
        Line::Code(code) => Some((index + 1, Part::Code(code))),
        Line::Prose(_) => None,
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::{links_lead_somewhere, readmes_agree};
    use crate::Repository;

    #[test]
    fn a_link_is_followed_from_its_own_page_to_file_folder_and_heading() {
        let page = "[a](../README.md#try-it) [b](../libs) [c](https://x.y/z)\n[d](missing.md)\n[e](../README.md#gone)\n\
                    ```\n[f](in-code.md)\n```\n[g](#here)\n# Here\n";
        let files = [("docs/a.md", page), ("README.md", "## Try it\n"), ("libs/a/Cargo.toml", "")];
        let lines: Vec<_> =
            links_lead_somewhere(&Repository::of(files)).into_iter().map(|f| f.line).collect();
        assert_eq!(lines, [Some(2), Some(3)]);
    }

    #[test]
    fn a_translation_may_change_words_but_no_command() {
        let english = "# A\nText.\n```sh\n./just up\n```\n## B\n";
        let korean = "# 가\n글.\n\n다른 글.\n```sh\n./just up\n```\n## 나\n";
        let agree =
            |korean: &str| readmes_agree(&Repository::of([("README.ko.md", korean), ("README.md", english)]));
        assert_eq!(agree(korean), []);
        let changed = agree(&korean.replace("up", "down"));
        assert_eq!(changed[0].line, Some(6));
        assert!(changed[0].message.contains("./just up"), "{}", changed[0]);
        assert!(!agree(&korean.replace("## 나\n", "")).is_empty());
    }
}
