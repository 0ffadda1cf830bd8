//! Trino's dialect, as far as it is let in.
//!
//! The parser has no dialect of Athena or Trino. Its `Generic` one takes whatever any database takes (`/*! */`, `#` comments,
//! backticks, `FROM` first, table functions, pipes) and `Hive` the backslashes and backticks of another language, so each would
//! read some text otherwise than Athena does. A dialect of our own starts from the standard, where every extension is off, and
//! switches on what Trino has.

use sqlparser::{
    ast::{DataType, StructBracketKind, StructField},
    dialect::Dialect,
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::Token,
};

/// Trino's dialect.
#[derive(Debug)]
pub(crate) struct Trino;

impl Dialect for Trino {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }

    // `count(*) FILTER (WHERE …)`
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    // `GROUP BY GROUPING SETS (…)`, `CUBE (…)`, `ROLLUP (…)`
    fn supports_group_by_expr(&self) -> bool {
        true
    }

    // `transform(a, x -> x + 1)`
    fn supports_lambda_functions(&self) -> bool {
        true
    }

    // `WINDOW a AS (b ORDER BY …)`
    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    // `INTERVAL '1' DAY`, never without its unit
    fn require_interval_qualifier(&self) -> bool {
        true
    }

    // `EXTRACT(DAY_OF_WEEK FROM …)`; which fields there are is the writer's to say
    fn allow_extract_custom(&self) -> bool {
        true
    }

    // `CAST(… AS ARRAY(BIGINT))`
    fn supports_array_typedef_with_parentheses(&self) -> bool {
        true
    }

    // `CAST(… AS MAP(VARCHAR, BIGINT))`
    fn supports_map_typedef_with_parentheses(&self) -> bool {
        true
    }

    // `CAST(… AS ROW(name VARCHAR, age INTEGER))`
    fn parse_data_type(&self, parser: &mut Parser<'_>) -> Option<Result<DataType, ParserError>> {
        let is_row = parser.peek_keyword(Keyword::ROW) && parser.peek_nth_token(1).token == Token::LParen;
        is_row.then(|| row(parser))
    }
}

/// A type of rows. Names may be missing, as in `ROW(VARCHAR, INTEGER)`.
fn row(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    parser.expect_keyword(Keyword::ROW)?;
    parser.expect_token(&Token::LParen)?;
    let fields = parser.parse_comma_separated(|parser| {
        let ends = matches!(parser.peek_nth_token(1).token, Token::Comma | Token::RParen | Token::LParen);
        let field_name = if ends { None } else { Some(parser.parse_identifier()?) };
        let field_type = parser.parse_data_type()?;
        Ok(StructField { field_name, field_type, options: None })
    })?;
    parser.expect_token(&Token::RParen)?;
    Ok(DataType::Struct(fields, StructBracketKind::Parentheses))
}
