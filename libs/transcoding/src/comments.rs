//! What is written in the proto files.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FieldDescriptor, FileDescriptor};

/// Comments by file and place.
pub(crate) struct Comments(HashMap<(usize, Vec<i32>), String>);

impl Comments {
    /// All comments that stand before something.
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        Self(pool.files().flat_map(|file| told(&file)).collect())
    }

    /// Those of one file alone.
    pub(crate) fn of_file(file: &FileDescriptor) -> Self {
        Self(told(file).into_iter().collect())
    }

    /// The comment at a place, or nothing.
    pub(crate) fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(&(file.index(), path.to_vec())).map_or("", String::as_str)
    }

    /// A field's.
    pub(crate) fn field(&self, field: &FieldDescriptor) -> &str {
        self.at(&field.parent_file(), field.path())
    }
}

/// Places of a file with what stands before them.
fn told(file: &FileDescriptor) -> Vec<((usize, Vec<i32>), String)> {
    let places = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let told = places.filter_map(|place| {
        let text = tidied(place.leading_comments.as_deref()?);
        (!text.is_empty()).then(|| ((file.index(), place.path.clone()), text))
    });
    told.collect()
}

/// Without the space that follows the slashes.
fn tidied(comment: &str) -> String {
    let lines: Vec<_> =
        comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

/// The first sentence, without its full stop.
pub(crate) fn summary(comment: &str) -> String {
    let paragraph = comment.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = paragraph.find(". ").unwrap_or(paragraph.len());
    paragraph[..end].trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{summary, tidied};

    #[test]
    fn the_first_sentence_is_the_summary() {
        assert_eq!(summary("Lists jobs,\nnewest first. Of the caller.\n\nMore."), "Lists jobs, newest first");
        assert_eq!(summary("One."), "One");
        assert_eq!(summary(""), "");
        assert_eq!(tidied(" a\n   b\n\n c \n"), "a\n  b\n\nc");
    }
}
