//! Pages of a list, as in AIP-158.

use crate::Invalid;

const DEFAULT: u32 = 100;
const LARGEST: u32 = 1000;

/// Checks a `page_size`: 0 means 100; more than 1,000 counts as 1,000.
pub fn page_size(size: i32) -> Result<u32, Invalid> {
    match u32::try_from(size) {
        Ok(0) => Ok(DEFAULT),
        Ok(size) => Ok(size.min(LARGEST)),
        Err(_) => Err(Invalid::field("page_size", format!("must not be negative, but is {size}"))),
    }
}

/// Which part of a list sorted by name was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    size: usize,
    after: Option<String>,
}

impl Page {
    /// Checks `page_size` as [`page_size`] does, and `page_token`.
    pub fn new(size: i32, token: &str) -> Result<Self, Invalid> {
        let size = page_size(size)? as usize;
        if token.is_empty() {
            return Ok(Self { size, after: None });
        }
        let after = token.strip_prefix("after:").filter(|name| is_name(name));
        match after {
            Some(name) => Ok(Self { size, after: Some(name.into()) }),
            None => Err(Invalid::field("page_token", "is not one that a list gave; start without one")),
        }
    }

    /// The items of this page out of `items`, which are sorted by `name`, and the token of the next page (empty when
    /// this is the last one).
    pub fn of<T>(&self, items: Vec<T>, name: impl Fn(&T) -> &str) -> (Vec<T>, String) {
        let rest =
            items.into_iter().filter(|item| self.after.as_deref().is_none_or(|after| name(item) > after));
        let mut page: Vec<T> = rest.take(self.size + 1).collect();
        if page.len() <= self.size {
            return (page, String::new());
        }
        page.truncate(self.size);
        let token = page.last().map(|last| format!("after:{}", name(last))).unwrap_or_default();
        (page, token)
    }
}

/// Whether a list could have given this: the name of a model or of a tool.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::*;

    #[test]
    fn walks_a_list_to_its_end() {
        let names = || vec!["a", "b", "c", "d", "e"];
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = Page::new(2, &token).unwrap().of(names(), |name| name);
            seen.extend(page);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, names());
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!(Page::new(-1, "").unwrap_err().violations()[0].field, "page_size");
        assert_eq!(Page::new(0, "made up").unwrap_err().violations()[0].field, "page_token");
    }

    #[test]
    fn caps_the_size() {
        let many: Vec<String> = (0..2000).map(|n| format!("m{n:04}")).collect();
        assert_eq!(Page::new(i32::MAX, "").unwrap().of(many.clone(), |name| name).0.len(), LARGEST as usize);
        assert_eq!(Page::new(0, "").unwrap().of(many, |name| name).0.len(), DEFAULT as usize);
    }
}
