//! Statements that were broken by chance: what the fuzz target does, without what it learns.

use fastrand::Rng;

use crate::{attacks::ATTACKS, queries::QUERIES, seeds::check_text};

/// A second of work. The fuzz target goes on for as long as it is let.
const TURNS: usize = 20_000;
/// Pieces in which a reader could go wrong.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\"\"",
    "\\",
    "\\'",
    "--",
    "/*",
    "*/",
    ";",
    "(",
    ")",
    ",",
    ".",
    "->",
    "[",
    "]",
    "hr.people",
    "orders",
    "SELECT",
    "FROM",
    "WITH",
    "AS",
    "UNION",
    "VALUES",
    "INSERT INTO",
    "a",
    "1",
    " ",
    "\n",
    "-",
    "||",
    "<>",
    "IN",
    "NOT",
    "UNNEST(",
    "TABLE",
    "LATERAL",
    "\u{a0}",
    "한",
    "CASE",
    "INTERVAL",
    "CAST(",
    "ROW(",
    "ARRAY[",
    "1.",
    ".5",
    "$",
    "with$1",
    "RECURSIVE",
    "LIMIT",
    "*",
    "= ANY",
    "OVER (",
    "JOIN",
    "ON",
    "USING",
    "EXTRACT(",
    "DATE",
    "TRUE",
    "IS",
    "DISTINCT",
    "LIKE",
];

#[test]
fn statements_that_were_broken_hold_too() {
    let mut random = Rng::with_seed(7);
    let seeds: Vec<&str> = QUERIES.iter().copied().chain(ATTACKS.iter().map(|(_, attack)| *attack)).collect();
    for _ in 0..TURNS {
        let mut text: Vec<char> = random.choice(&seeds).unwrap().chars().collect();
        for _ in 0..random.usize(1..6) {
            change(&mut text, &seeds, &mut random);
        }
        check_text::check_text(text.iter().collect::<String>().as_bytes());
    }
}

fn change(text: &mut Vec<char>, seeds: &[&str], random: &mut Rng) {
    let place = random.usize(0..=text.len());
    let end = random.usize(place..=text.len()).min(place + 20);
    let piece: Vec<char> = match random.u8(0..4) {
        0 => random.choice(PIECES).unwrap().chars().collect(),
        1 => Vec::new(),
        2 => text[place..end].repeat(2),
        _ => {
            let other: Vec<char> = random.choice(seeds).unwrap().chars().collect();
            let from = random.usize(0..=other.len());
            other[from..random.usize(from..=other.len())].to_vec()
        }
    };
    text.splice(place..if random.bool() { place } else { end }, piece);
}
