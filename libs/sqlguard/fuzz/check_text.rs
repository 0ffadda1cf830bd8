//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use sqlguard::{Pattern, Rules, check};

/// Checks `bytes` as a statement. One that is accepted is written as a single query over allowed tables, which is accepted
/// again and written the same; one that is refused is told why.
pub fn check_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let databases = ["sales", "logs_*"].into_iter().filter_map(Pattern::new).collect();
    let mut rules = Rules::new("AwsDataCatalog", databases);
    match check(text, "sales", &rules) {
        Ok(statement) => {
            rules.limits.bytes *= 16;
            rules.limits.tokens *= 16;
            assert_eq!(check(&statement.text, "sales", &rules).as_ref(), Ok(&statement));
            assert!(statement.tables.iter().all(|table| rules.allow_table(&table.database, &table.name)));
            assert!(plain(&statement.text), "{}", statement.text);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Whether there is nothing outside of quotes that could end a statement or hide a part of it, by rules that are written here
/// once more, without the parser.
fn plain(text: &str) -> bool {
    let mut quote = None;
    let mut outside = String::new();
    for character in text.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None => outside.push(character),
        }
    }
    let first =
        outside.trim_start_matches(['(', ' ']).split([' ', '(']).next().unwrap_or_default().to_owned();
    quote.is_none()
        && matches!(first.as_str(), "SELECT" | "WITH" | "VALUES")
        && outside.is_ascii()
        && !["--", "/*", "*/", ";", "`", "\\", "?", "$", "@", "#"].iter().any(|sign| outside.contains(sign))
}
