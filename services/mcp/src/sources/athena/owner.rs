//! Whose a query is.
//!
//! A page of a result may be asked for at any replica, days later, and only by whoever ran the query. No replica keeps a list
//! of queries, and there is no secret that all of them know. So the query itself says whose it is: its text, which Athena
//! keeps, ends with a comment that has the caller's digest. Before a page is read, Athena is asked for the text. A caller
//! cannot write such a comment, since statements have none when they leave the guard, and cannot change what Athena keeps;
//! whoever can start queries in the workgroup without us can read its results without us as well.

use sha2::{Digest, Sha256};

const BEGINNING: &str = "\n/* ondol caller ";
const END: &str = " */";

/// The text of a query that says whose it is.
pub(super) fn marked(statement: &str, principal: &str) -> String {
    format!("{statement}{}", mark(principal))
}

/// The statement of a query, if it was run for this caller.
pub(super) fn statement_of<'a>(text: &'a str, principal: &str) -> Option<&'a str> {
    text.strip_suffix(&mark(principal))
}

fn mark(principal: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("ondol athena {principal}")));
    format!("{BEGINNING}{digest}{END}")
}

#[cfg(test)]
mod tests {
    use sqlguard::{Pattern, Rules, check};

    use super::{marked, statement_of};

    #[test]
    fn a_query_is_its_callers_alone() {
        let text = marked("SELECT 1", "team-a");
        assert_eq!(statement_of(&text, "team-a"), Some("SELECT 1"));
        for (text, stranger) in [
            (text.as_str(), "team-b"),
            (text.as_str(), ""),
            (text.as_str(), "team-a "),
            ("SELECT 1", "team-a"),
            (&marked(&text, "team-b"), "team-a"),
        ] {
            assert_eq!(statement_of(text, stranger), None, "{text} {stranger}");
        }
    }

    #[test]
    fn nobody_writes_such_a_mark() {
        let rules = Rules::new("c", vec![Pattern::new("*").unwrap()]);
        let forged = marked("SELECT 1", "team-a");
        assert!(check(&forged, "sales", &rules).is_err());
        let quoted = check(&format!("SELECT '{}'", marked("x", "team-a")), "sales", &rules).unwrap();
        assert_eq!(statement_of(&quoted.text, "team-a"), None, "{}", quoted.text);
    }
}
