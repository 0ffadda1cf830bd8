//! From text to tokens, few kinds of which are let in.

use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::{Limits, Place, SqlError, dialect::Trino};

/// The tokens of one statement, without the spaces between them and a semicolon at the end.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<Vec<TokenWithSpan>, SqlError> {
    if text.len() > limits.bytes {
        return Err(SqlError::TooLong { size: text.len(), limit: limits.bytes });
    }
    check_characters(text)?;
    let tokens = Tokenizer::new(&Trino, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| SqlError::Syntax {
        problem: error.message.clone(),
        place: Place::of(error.location),
    })?;
    let mut kept = Vec::with_capacity(tokens.len().min(limits.tokens));
    for token in tokens {
        check_token(&token)?;
        if !matches!(token.token, Token::Whitespace(_)) {
            kept.push(token);
        }
        if kept.len() > limits.tokens {
            return Err(SqlError::TooMany { limit: limits.tokens });
        }
    }
    one_statement(kept)
}

/// Characters that stand for nothing, or that make a text look like another one, have no place even within quotes; outside of
/// them everything is ASCII, or the tokenizer would take any kind of space for one.
fn check_characters(text: &str) -> Result<(), SqlError> {
    let (mut line, mut column, mut quote) = (1, 0, None);
    for character in text.chars() {
        column += 1;
        let what = match character {
            '\n' => {
                (line, column) = (line + 1, 0);
                continue;
            }
            '\t' | '\r' => continue,
            _ if character.is_control() || is_disguise(character) => {
                format!("the invisible character U+{:04X}", u32::from(character))
            }
            _ if quote.is_none() && !character.is_ascii() => format!("{character:?} outside of quotes"),
            '\'' | '"' => {
                // A doubled quote closes and opens again.
                quote = if quote == Some(character) { None } else { quote.or(Some(character)) };
                continue;
            }
            _ => continue,
        };
        return Err(SqlError::Refused {
            what,
            allowed: "visible characters in quotes, and ASCII outside of them".to_owned(),
            place: Some(Place { line, column }),
        });
    }
    Ok(())
}

/// Marks that turn the direction of text around, that are not seen, or that are no characters at all.
fn is_disguise(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Everything that no query needs is refused here, before it can mean anything: comments, strings and names in other
/// databases' quotes, parameters, operators of other dialects.
fn check_token(token: &TokenWithSpan) -> Result<(), SqlError> {
    let refused = |what: &str, allowed: &str| {
        Err(SqlError::Refused {
            what: what.to_owned(),
            allowed: allowed.to_owned(),
            place: Place::of(token.span.start),
        })
    };
    match &token.token {
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
            refused("a comment", "the statement without comments")
        }
        token if is_plain(token) => Ok(()),
        Token::Word(_) | Token::Char('`') => {
            refused("a name in such quotes", "names as they are or in double quotes")
        }
        Token::Placeholder(_) => refused("a parameter", "the value itself"),
        Token::Char(character) => {
            refused(&format!("{character:?}"), "letters of ASCII, digits, spaces and the signs of SQL")
        }
        other => {
            let shown: String = other.to_string().chars().take(20).collect();
            refused(&format!("{shown:?}"), "the signs and the kinds of strings that Athena has in queries")
        }
    }
}

/// What Athena has in queries.
fn is_plain(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(word.quote_style, None | Some('"')),
        Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        | Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Period
        | Token::SemiColon
        | Token::LParen
        | Token::RParen
        | Token::LBracket
        | Token::RBracket
        | Token::Arrow
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat => true,
        _ => false,
    }
}

/// A semicolon may stand at the end, and nowhere else.
fn one_statement(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, SqlError> {
    tokens.pop_if(|last| last.token == Token::SemiColon);
    match tokens.iter().find(|token| token.token == Token::SemiColon) {
        Some(semicolon) => Err(SqlError::Refused {
            what: "a second statement".to_owned(),
            allowed: "one statement a call".to_owned(),
            place: Place::of(semicolon.span.start),
        }),
        None => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::{Limits, SqlError};

    fn refusal(text: &str) -> String {
        read(text, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn spaces_and_a_last_semicolon_are_left_out() {
        let tokens = read("SELECT\r\n\t1 ;", &Limits::default()).unwrap();
        assert_eq!(tokens.len(), 2);
    }

    #[test]
    fn what_is_refused_is_named_with_its_place() {
        for (text, place, what) in [
            ("SELECT 1 -- x", "line 1, column 10", "a comment"),
            ("/* x */ SELECT 1", "line 1, column 1", "a comment"),
            ("SELECT /*! 1 */ 2", "line 1, column 8", "a comment"),
            ("SELECT\n `a`", "line 2, column 2", "quotes"),
            ("SELECT 1; SELECT 2", "line 1, column 9", "a second statement"),
            ("SELECT 1;;", "line 1, column 9", "a second statement"),
            ("SELECT ?", "line 1, column 8", "a parameter"),
            ("SELECT\u{a0}1", "line 1, column 7", "outside of quotes"),
            ("SELEСT 1", "line 1, column 5", "outside of quotes"),
            ("SELECT 'a\0'", "line 1, column 10", "U+0000"),
            ("SELECT '\u{202e}a'", "line 1, column 9", "U+202E"),
            ("\u{feff}SELECT 1", "line 1, column 1", "U+FEFF"),
            ("SELECT 1 | 2", "line 1, column 10", "\"|\""),
            ("SELECT a::int", "line 1, column 9", "\"::\""),
            ("SELECT $$a$$", "line 1, column 8", ""),
        ] {
            let told = refusal(text);
            assert!(told.starts_with(place) && told.contains(what), "{text:?}: {told}");
        }
    }

    #[test]
    fn strings_and_names_end() {
        for text in ["SELECT 'a", "SELECT \"a", "SELECT 'a\\'", "SELECT ''' "] {
            let error = read(text, &Limits::default());
            assert!(matches!(error, Ok(ref tokens) if tokens.len() == 2) || error.is_err(), "{text:?}");
        }
        assert!(read("SELECT 'a", &Limits::default()).is_err());
        assert!(read("SELECT \"a", &Limits::default()).is_err());
    }

    #[test]
    fn there_is_an_end_to_size_and_number() {
        let long = format!("SELECT '{}'", "x".repeat(64 * 1024));
        assert!(matches!(read(&long, &Limits::default()), Err(SqlError::TooLong { .. })));
        let many = "1,".repeat(5000);
        assert!(matches!(read(&many, &Limits::default()), Err(SqlError::TooMany { .. })));
    }
}
