//! All tools of a server, page by page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{FederationError, Listed, digest::digest};

/// The most pages and tools that are read, and the longest cursor.
const MOST_PAGES: usize = 64;
const MOST_TOOLS: usize = 2048;
const LONGEST_CURSOR: usize = 4096;
const LONGEST_NAME: usize = 128;

/// What a server has.
#[derive(Debug, Default)]
pub struct Listing {
    /// The tools that were wanted, by name.
    pub tools: BTreeMap<String, Result<Listed, Rejected>>,
    /// How many others there are.
    pub others: usize,
}

impl Listing {
    /// The one page that this is.
    pub fn of(page: Value) -> Result<Self, FederationError> {
        let mut pages = Pages::default();
        pages.take(page, &|_| true)?;
        Ok(pages.listing)
    }
}

/// A tool that cannot be offered as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The digest of what it says.
    pub digest: String,
    /// Why.
    pub problem: String,
}

/// A listing while it comes.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) listing: Listing,
    cursor: Option<String>,
    cursors: BTreeSet<String>,
    count: usize,
}

impl Pages {
    pub(crate) fn params(&self) -> Map<String, Value> {
        self.cursor.iter().map(|cursor| ("cursor".to_owned(), cursor.as_str().into())).collect()
    }

    /// Takes a page; whether there is another one.
    pub(crate) fn take(
        &mut self,
        page: Value,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<bool, FederationError> {
        let broken = |problem: &'static str| Err(FederationError::broken(problem));
        let Value::Object(mut page) = page else { return broken("a list of tools is no object") };
        let Some(Value::Array(tools)) = page.remove("tools") else {
            return broken("a list of tools has no tools");
        };
        self.count += tools.len();
        if self.count > MOST_TOOLS {
            return broken("it lists more than 2048 tools");
        }
        for tool in tools {
            let Value::Object(tool) = tool else { return broken("a tool is no object") };
            self.tool(tool, wanted);
        }
        let next = match page.remove("nextCursor") {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::String(cursor)) if cursor.is_empty() => return Ok(false),
            Some(Value::String(cursor)) if cursor.len() <= LONGEST_CURSOR => cursor,
            Some(_) => return broken("a list of tools has a cursor that cannot be one"),
        };
        if !self.cursors.insert(next.clone()) {
            return broken("its list of tools leads in a circle");
        }
        if self.cursors.len() >= MOST_PAGES {
            return broken("its list of tools has more than 64 pages");
        }
        self.cursor = Some(next);
        Ok(true)
    }

    fn tool(&mut self, tool: Map<String, Value>, wanted: &(dyn Fn(&str) -> bool + Send + Sync)) {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
        let is_name = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain);
        if !is_name || !wanted(&name) {
            self.listing.others += 1;
            return;
        }
        let digest = digest(&tool);
        let listed = if self.listing.tools.contains_key(&name) {
            // Whichever was pinned, the other one could be called by its name.
            Err("it is listed twice".to_owned())
        } else {
            Listed::read(tool, &name, digest.clone())
        };
        self.listing.tools.insert(name, listed.map_err(|problem| Rejected { digest, problem }));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Listing, Pages};
    use crate::FederationError;

    fn page(names: &[&str], next: &Value) -> Value {
        let tools: Vec<_> =
            names.iter().map(|name| json!({"name": name, "inputSchema": {"type": "object"}})).collect();
        json!({"tools": tools, "nextCursor": next})
    }

    /// Reads pages for as long as there are any, as a server gives them.
    fn read(server: impl Fn(Option<&str>) -> Value) -> Result<Listing, FederationError> {
        let mut pages = Pages::default();
        for _ in 0..1000 {
            let asked = pages.cursor.clone();
            if !pages.take(server(asked.as_deref()), &|name| name != "other")? {
                return Ok(pages.listing);
            }
        }
        panic!("there is no end")
    }

    #[test]
    fn pages_are_put_together() {
        let listing = read(|cursor| match cursor {
            None => page(&["a", "other"], &json!("x")),
            Some("x") => page(&["b"], &json!("y")),
            Some(_) => page(&["c", "not a name", ""], &Value::Null),
        });
        let listing = listing.unwrap();
        assert_eq!(listing.tools.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(listing.others, 3);
    }

    #[test]
    fn lists_that_have_no_end_are_given_up() {
        let count = std::cell::Cell::new(0);
        let endless = |_: Option<&str>| {
            count.set(count.get() + 1);
            page(&[], &json!(format!("c{}", count.get())))
        };
        let many: Vec<_> = (0..3000).map(|_| "other").collect();
        assert!(read(endless).unwrap_err().to_string().contains("64 pages"));
        assert!(read(|_| page(&[], &json!("x"))).unwrap_err().to_string().contains("circle"));
        assert!(read(|_| page(&many, &Value::Null)).unwrap_err().to_string().contains("2048"));
        assert!(read(|_| page(&[], &json!("x".repeat(5000)))).is_err());
        assert!(read(|_| page(&[], &json!(3))).is_err());
        for wrong in [json!([]), json!({}), json!({"tools": {}}), json!({"tools": ["a"]})] {
            assert!(read(|_| wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_nobodys() {
        let listing = read(|cursor| match cursor {
            None => page(&["a"], &json!("x")),
            Some(_) => page(&["a", "b"], &Value::Null),
        });
        let tools = listing.unwrap().tools;
        assert!(tools["a"].is_err() && tools["b"].is_ok());
    }
}
