//! The whole way, from a text to a statement that may run.

use std::collections::BTreeSet;

use sqlparser::{
    ast::Query,
    parser::{Parser, ParserError},
    tokenizer::{Token, TokenWithSpan},
};

use crate::{Place, Rules, SqlError, Table, dialect::Trino, tokens, writer::Writer};

/// What is allowed where a statement begins.
const ALLOWED: &str = "one SELECT, WITH … SELECT or VALUES";
/// Levels of the parser's own recursion, far below what a thread's stack bears.
const PARSER_DEPTH: usize = 50;

/// A statement that only reads what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What is to run: written from what was understood, not what came.
    pub text: String,
    /// The tables that it reads.
    pub tables: BTreeSet<Table>,
}

/// Checks a text. Names of tables without a database are in `database`.
pub fn check(text: &str, database: &str, rules: &Rules) -> Result<Statement, SqlError> {
    if !rules.allow_database(database) {
        return Err(SqlError::Refused {
            what: format!("the database {database:?}"),
            allowed: rules.told_databases(),
            place: None,
        });
    }
    let written = write(text, database, rules)?;
    // Whatever the writer does, a reader has to see the same in it; names that it made up are counted anew.
    match write(&written.text, database, &relaxed(rules, &written.text)) {
        Ok(again) if again == written => Ok(written),
        _ => Err(SqlError::Syntax {
            problem: "it reads differently once it is written out; write it more simply".to_owned(),
            place: None,
        }),
    }
}

/// Whether what [`check`] has written before may still run, by rules that may have changed since.
pub fn still_allowed(written: &str, database: &str, rules: &Rules) -> bool {
    rules.allow_database(database)
        && write(written, database, &relaxed(rules, written)).is_ok_and(|again| again.text == written)
}

/// Quotes and names of databases make a text longer than the one that came.
fn relaxed(rules: &Rules, text: &str) -> Rules {
    let mut rules = rules.clone();
    rules.limits.bytes = text.len();
    rules.limits.tokens *= 4;
    rules
}

fn write(text: &str, database: &str, rules: &Rules) -> Result<Statement, SqlError> {
    let tokens = tokens::read(text, &rules.limits)?;
    check_beginning(&tokens)?;
    let query = parse(tokens)?;
    let mut writer = Writer::new(rules, database);
    writer.query(&query)?;
    let (text, tables) = writer.finish();
    Ok(Statement { text, tables })
}

/// Says what it is that may not run, where the parser would only be surprised.
fn check_beginning(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let first = tokens.iter().find(|token| token.token != Token::LParen);
    let Some(first) = first else {
        let problem = format!("there is no statement; expected {ALLOWED}");
        return Err(SqlError::Syntax { problem, place: None });
    };
    let word = match &first.token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
        other => other.to_string(),
    };
    if matches!(word.as_str(), "SELECT" | "WITH" | "VALUES") {
        return Ok(());
    }
    let what = word.chars().take(40).collect();
    Err(SqlError::Refused { what, allowed: ALLOWED.to_owned(), place: Place::of(first.span.start) })
}

fn parse(tokens: Vec<TokenWithSpan>) -> Result<Box<Query>, SqlError> {
    let mut parser =
        Parser::new(&Trino).with_recursion_limit(PARSER_DEPTH).with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(not_understood)?;
    let rest = parser.next_token();
    if rest.token == Token::EOF {
        return Ok(query);
    }
    let shown: String = rest.token.to_string().chars().take(40).collect();
    Err(SqlError::Syntax {
        problem: format!("expected the end of the statement, found {shown}"),
        place: Place::of(rest.span.start),
    })
}

fn not_understood(error: ParserError) -> SqlError {
    match error {
        ParserError::RecursionLimitExceeded => SqlError::TooDeep { limit: PARSER_DEPTH },
        // Its place is in the words already.
        ParserError::ParserError(problem) | ParserError::TokenizerError(problem) => {
            SqlError::Syntax { problem, place: None }
        }
    }
}
