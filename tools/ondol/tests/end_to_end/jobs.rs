//! Jobs as a user has them: handed in, followed, fetched, stopped, and put in line again.

use std::{fs, process::Output};

use serde_json::Value;

use crate::stack::{MODEL, Stack, text};

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

/// The job as `jobs show --json` has it.
fn shown(stack: &Stack, job: &str) -> Value {
    serde_json::from_str(&succeeding(stack, &["jobs", "show", job, "--json"])).unwrap()
}

#[test]
fn a_generation_is_followed_to_its_text() {
    let Some(stack) = Stack::shared() else { return };
    let submit = ["jobs", "submit", "generate", "--max-tokens", "12", "--watch", "Say hello."];
    let out = succeeding(&stack, &submit);
    let mut lines = out.lines();
    let job = lines.next().unwrap();
    assert!(job.starts_with("jobs/"), "{out}");
    let path = lines.find(|line| line.contains("text.txt")).unwrap().split(' ').next().unwrap();
    let got = succeeding(&stack, &["artifact", "get", path]);
    assert!(!got.trim().is_empty());

    let shown = shown(&stack, job);
    assert_eq!((&shown["state"], &shown["attempts"]), (&"succeeded".into(), &1.into()));
    assert_eq!(shown["progress"]["done"], 12);
    let listed = succeeding(&stack, &["artifact", "ls", job, "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let jobs = succeeding(&stack, &["jobs", "list", "--kind", "generate_text", "--state", "succeeded"]);
    assert!(jobs.contains(job), "{jobs}");
}

#[test]
fn a_batch_answers_every_line_into_a_file() {
    let Some(stack) = Stack::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let line = |id: u32| {
        let body =
            format!(r#"{{"model":"{MODEL}","prompt":"Once upon a time","max_tokens":4,"temperature":0}}"#);
        format!(r#"{{"custom_id":"{id}","url":"/v1/completions","body":{body}}}"#)
    };
    fs::write(&input, format!("{}\nnot json\n{}\n", line(1), line(2))).unwrap();
    let out = succeeding(&stack, &["jobs", "submit", "batch", text(&input), "--watch"]);
    let path = out.lines().last().unwrap().split(' ').next().unwrap();
    succeeding(&stack, &["artifact", "get", path, "--output", text(&output)]);
    let answers: Vec<Value> = fs::read_to_string(&output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let texts: Vec<_> = answers.iter().map(|it| &it["response"]["body"]["choices"][0]["text"]).collect();
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[0], texts[2], "greedy");
    assert_eq!((&answers[1]["error"]["status_code"], texts[1]), (&400.into(), &Value::Null));
}

#[test]
fn a_running_job_is_stopped_from_outside() {
    let Some(stack) = Stack::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    // More than is answered while a test waits.
    let body = format!(r#"{{"model":"{MODEL}","prompt":"Once upon a time","max_tokens":64}}"#);
    let line = format!(r#"{{"url":"/v1/completions","body":{body}}}"#);
    fs::write(&input, format!("{line}\n").repeat(2_000)).unwrap();
    let job = succeeding(&stack, &["jobs", "submit", "batch", text(&input)]).trim().to_owned();
    succeeding(&stack, &["jobs", "cancel", &job]);
    let (code, _, err) = run(&stack, &["jobs", "watch", &job]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("cancelled"), "{err}");
}

#[test]
fn a_dead_job_says_why_and_can_be_put_in_line_again() {
    let Some(stack) = Stack::shared() else { return };
    let submit = ["jobs", "submit", "generate", "--model", "gpt-7", "--watch", "Hi"];
    let (code, out, err) = run(&stack, &submit);
    assert_eq!(code, Some(1));
    assert!(err.contains("gpt-7"), "{err}");
    let job = out.trim();
    let dead = succeeding(&stack, &["jobs", "dead", "--json"]);
    let dead: Value = serde_json::from_str(&dead).unwrap();
    assert!(dead.as_array().unwrap().iter().any(|it| it["name"] == job), "{dead}");
    succeeding(&stack, &["jobs", "requeue", job]);
    assert_eq!(run(&stack, &["jobs", "watch", job]).0, Some(1), "it dies of the same");
}

#[test]
fn the_same_request_id_is_one_job_and_another_request_under_it_is_refused() {
    let Some(stack) = Stack::shared() else { return };
    let submit = |prompt: &'static str| {
        run(&stack, &["jobs", "submit", "generate", "--max-tokens", "2", "--request-id", "once", prompt])
    };
    let (first, second) = (submit("Hi"), submit("Hi"));
    assert_eq!((first.0, &first.1), (Some(0), &second.1));
    let (code, _, err) = submit("Something else");
    assert_eq!(code, Some(1));
    assert!(err.contains("AlreadyExists"), "{err}");
}

#[test]
fn one_job_that_is_not_there_does_not_keep_others_from_being_forgotten() {
    let Some(stack) = Stack::shared() else { return };
    let nobody = "0".repeat(34);
    let submit = ["jobs", "submit", "generate", "--max-tokens", "2", "--watch", "Hi"];
    let job = succeeding(&stack, &submit).lines().next().unwrap().to_owned();
    let (code, out, err) = run(&stack, &["jobs", "delete", &nobody, &job]);
    assert_eq!(code, Some(1));
    assert!(out.contains(&format!("{job}  deleted")) && err.contains("1 of 2 failed"), "{out}{err}");
    assert_eq!(run(&stack, &["jobs", "show", &job]).0, Some(1));
}

#[test]
fn a_batch_without_one_answer_is_no_success() {
    let Some(stack) = Stack::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    fs::write(&input, "not json\n{}\n").unwrap();
    let (code, out, err) = run(&stack, &["jobs", "submit", "batch", text(&input), "--watch"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("none of 2 lines") && out.contains("output.jsonl"), "{out}{err}");
}

#[test]
fn a_file_is_written_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let Some(stack) = Stack::shared() else { return };
    let submit = ["jobs", "submit", "generate", "--max-tokens", "2", "--watch", "Hi"];
    let out = succeeding(&stack, &submit);
    let path = out.lines().find(|line| line.contains("text.txt")).unwrap().split(' ').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (fetched, plain) = (folder.path().join("fetched"), folder.path().join("plain"));
    succeeding(&stack, &["artifact", "get", path, "--output", text(&fetched)]);
    fs::write(&plain, "").unwrap();
    let mode = |file| fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode(&fetched), mode(&plain));
}

#[test]
fn what_is_not_there_is_said_so() {
    let Some(stack) = Stack::shared() else { return };
    let nobody = "0".repeat(34);
    for arguments in [
        &["jobs", "show", &nobody][..],
        &["jobs", "watch", &nobody],
        &["jobs", "cancel", &nobody],
        &["artifact", "ls", &nobody],
        &["artifact", "get", &format!("{nobody}/text.txt")],
    ] {
        let (code, out, err) = run(&stack, arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(err.contains("there is no"), "{arguments:?}: {err}");
    }
}
