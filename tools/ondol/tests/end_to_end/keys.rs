//! Keys that are created while the stack runs.

use std::{
    process::Output,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::stack::{MODEL, Stack};

/// What docs/keys.md promises of a revoked key.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// Runs a command of the stack's: its exit code, what it printed, what it said to the user.
fn run(stack: &Stack, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = stack.command(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn succeeding(stack: &Stack, arguments: &[&str]) -> String {
    let (code, out, err) = run(stack, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
    out
}

fn refused(stack: &Stack, arguments: &[&str], words: &[&str]) {
    let (code, out, err) = run(stack, arguments);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}: {err}");
    for word in words {
        assert!(err.contains(word), "{word} is missing in {err}");
    }
}

#[test]
fn a_key_is_created_allows_what_it_names_and_ends_when_it_is_revoked() {
    let Some(stack) = Stack::shared() else { return };
    let (code, out, err) =
        run(&stack, &["keys", "create", "team-a", "--models", "smollm2*", "--jobs", "", "--expires", "1d"]);
    assert_eq!(code, Some(0), "{err}");
    let secret = out.trim_end();
    assert!(secret.starts_with("ondol_") && secret.len() == 70, "{out:?} is no secret by itself");
    let id = err.trim_end().rsplit(' ').next().unwrap();
    assert!(err.contains("models smollm2*, tools all, jobs none, limits -; it ends at "), "{err}");
    assert!(err.ends_with(&format!("ondol keys revoke {id}\n")) && !err.contains(secret), "{err}");

    let with_it = ["--api-key", secret];
    let models = succeeding(&stack, &[&["call", "ListModels"], &with_it[..]].concat());
    assert!(models.contains(MODEL), "{models}");
    let job = [&["jobs", "submit", "generate", "Hi"], &with_it[..]].concat();
    refused(&stack, &job, &["JOB_KIND_FORBIDDEN"]);
    let list = [&["keys", "list"], &with_it[..]].concat();
    refused(&stack, &list, &["ADMIN_SCOPE_REQUIRED", "ondol keys new NAME --scopes admin"]);

    let listed = succeeding(&stack, &["keys", "list", "--owner", "team-a"]);
    let row = listed.lines().find(|line| line.starts_with(id)).unwrap();
    let words: Vec<_> = row.split_whitespace().take(7).collect();
    assert_eq!(words, [id, "team-a", "active", "-", "smollm2*", "all", "none"]);

    let ended = Instant::now();
    let said = succeeding(&stack, &["keys", "revoke", id]);
    assert!(said.contains("5 seconds"), "{said}");
    let call = [&["call", "ListModels"], &with_it[..]].concat();
    loop {
        let began = ended.elapsed();
        let (code, _, err) = run(&stack, &call);
        if code == Some(1) {
            assert!(err.contains("UNAUTHENTICATED") && err.contains("revoked"), "{err}");
            break;
        }
        assert!(began < REFUSED_WITHIN, "the key still opens the door");
    }
    let listed = succeeding(&stack, &["keys", "list", "--owner", "team-a", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let key = listed.as_array().unwrap().iter().find(|key| key["name"] == format!("apiKeys/{id}"));
    assert_eq!(key.unwrap()["state"], "API_KEY_STATE_REVOKED");
}

#[test]
fn a_script_gets_key_and_secret_as_json_and_every_page_is_listed() {
    let Some(stack) = Stack::shared() else { return };
    for note in ["one", "two", "three"] {
        let created = succeeding(&stack, &["keys", "create", "team-b", "--note", note, "--json"]);
        let created: Value = serde_json::from_str(&created).unwrap();
        assert_eq!(
            (&created["apiKey"]["owner"], &created["apiKey"]["note"]),
            (&"team-b".into(), &note.into())
        );
        assert!(created["secret"].as_str().unwrap().starts_with("ondol_"));
    }
    let (_, out, err) = run(&stack, &["keys", "list", "--owner", "team-b", "--most", "2"]);
    // The head, and two keys, the oldest first.
    assert!(out.lines().count() == 3 && out.trim_end().ends_with("two"), "{out}");
    assert!(err.contains("--most"), "{err}");
    assert_eq!(succeeding(&stack, &["keys", "list", "--owner", "team-b"]).lines().count(), 4);
    let none = succeeding(&stack, &["keys", "list", "--owner", "nobody"]);
    assert!(none.starts_with("No keys of nobody "), "{none}");
}

#[test]
fn what_cannot_be_done_to_keys_is_told_with_what_can() {
    let Some(stack) = Stack::shared() else { return };
    refused(&stack, &["keys", "create", "no name"], &["api_key.owner", "letters, digits"]);
    refused(&stack, &["keys", "create", "team-a", "--models", "a b"], &["--models[0]", "\"a b\""]);
    refused(&stack, &["keys", "revoke", "0a"], &["API_KEY_NOT_FOUND", "ondol keys list"]);
    let kind = ["keys", "create", "team-a", "--jobs", "batch,generate"];
    refused(&stack, &kind, &["api_key.grants.jobs.values[1]", "generate_text, batch, call_tool"]);
    for (arguments, code, word) in [
        (&["keys", "create", "team-a", "--expires", "2020-01-01"][..], 2, "in the future"),
        (&["keys", "create", "team-a", "--expires", "9999-12-31"], 2, "the latest is 9999-12-30T22:00:00"),
        (&["keys", "new", "team-a", "--expires", "soon"], 2, "such as 90d"),
        (&["keys", "new", "team-a", "--expires", "1m"], 2, "30min or 6mo"),
        (
            &["keys", "new", "a", "--limit", "concurrency=1", "--limit", "concurrency=2"],
            2,
            "--limit concurrency: ",
        ),
        (&["keys", "new", "team-a", "--jobs", "generate"], 1, "--jobs[0]: "),
    ] {
        let (ended, out, err) = run_alone(arguments);
        assert_eq!((ended, out.as_str()), (Some(code), ""), "{err}");
        assert!(err.contains(word), "{err}");
    }
}

#[test]
fn a_key_for_other_models_is_told_so() {
    let Some(stack) = Stack::shared() else { return };
    let secret = succeeding(&stack, &["keys", "create", "team-c", "--models", "qwen*"]);
    let generate = ["generate", "--api-key", secret.trim_end(), "Hi"];
    refused(&stack, &generate, &["this key may use none of the server's models", "ondol keys list"]);
}

fn run_alone(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = crate::stack::ondol(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
