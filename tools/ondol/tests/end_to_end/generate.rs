//! `ondol generate` against a running stack.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::stack::{MODEL, Stack};

/// Far from a tie: each precision answers it alike, on processors of every kind.
const WEEK: &str = "How many days are in a week?";

fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn text_goes_to_standard_output_and_nothing_else() {
    let Some(stack) = Stack::shared() else { return };
    let (code, out, err) = run(stack.command(&["generate", WEEK]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("7 days") && out.ends_with('\n'), "{out:?}");
}

#[test]
fn json_is_one_object_for_scripts() {
    let Some(stack) = Stack::shared() else { return };
    let (code, out, _) = run(stack.command(&["generate", "--json", "--max-tokens", "4", "Hi"]));
    assert_eq!(code, Some(0));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["model"], MODEL);
    assert_eq!(answer["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 4);
    assert!(answer["text"].as_str().is_some_and(|text| !text.is_empty()), "{out}");
    assert!(answer["first_token_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{out}");
}

#[test]
fn a_dash_reads_the_prompt_from_standard_input() {
    let Some(stack) = Stack::shared() else { return };
    let given = run(stack.command(&["generate", "--max-tokens", "8", WEEK]));
    let mut command = stack.command(&["generate", "--max-tokens", "8", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(WEEK.as_bytes()).unwrap();
    let read = child.wait_with_output().unwrap();
    assert_eq!((read.status.code(), String::from_utf8(read.stdout).unwrap()), (Some(0), given.1));
}

#[test]
fn a_refusal_is_explained_and_ends_with_1() {
    let Some(stack) = Stack::shared() else { return };
    for (arguments, words) in [
        (&["--model", "gpt-7", "Hi"][..], &["NOT_FOUND", "gpt-7", "ListModels"][..]),
        (&["--temperature", "9", "Hi"], &["INVALID_ARGUMENT", "sampling.temperature", "0 to 2"]),
        (&["--api-key", "guessed", "Hi"], &["UNAUTHENTICATED", "API key"]),
    ] {
        let (code, out, err) = run(stack.command(&[&["generate"], arguments].concat()));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        for word in words {
            assert!(err.contains(word), "{word} is missing in {err}");
        }
    }
}
