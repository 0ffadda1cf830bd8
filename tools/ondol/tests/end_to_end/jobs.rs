//! Jobs as a user has them: handed in, followed, fetched, stopped, and put in line again.

use std::{
    fs,
    io::{BufRead, BufReader, Read, pipe},
    process::{Command, Output, Stdio},
};

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
    assert_eq!((&shown["state"], &shown["attempts"]), (&"STATE_SUCCEEDED".into(), &1.into()));
    assert_eq!((&shown["progress"]["done"], &shown["failure"]), (&"12".into(), &"".into()));
    let listed = succeeding(&stack, &["artifact", "ls", job, "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[1]["contentType"], "text/plain; charset=utf-8");
    let bare = job.trim_start_matches("jobs/");
    for form in [job, bare, &format!("/generated/{bare}")] {
        assert_eq!(self::shown(&stack, form)["name"], job);
        assert_eq!(succeeding(&stack, &["artifact", "ls", form]).lines().count(), 2);
    }
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
fn an_input_that_is_uploaded_is_good_for_further_jobs() {
    let Some(stack) = Stack::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    let body = format!(r#"{{"model":"{MODEL}","prompt":"Once","max_tokens":2}}"#);
    fs::write(&input, format!(r#"{{"url":"/v1/completions","body":{body}}}"#)).unwrap();
    let (code, _, err) = run(&stack, &["jobs", "submit", "batch", text(&input)]);
    assert_eq!(code, Some(0), "{err}");
    let upload = err.split_whitespace().find(|word| word.starts_with("uploads/")).unwrap();
    for form in [upload, upload.trim_start_matches("uploads/")] {
        succeeding(&stack, &["jobs", "submit", "batch", "--input", form, "--watch"]);
    }
    for wrong in [&["--input", upload, text(&input)][..], &[], &["--input", "elsewhere/x"]] {
        assert_eq!(run(&stack, &[&["jobs", "submit", "batch"], wrong].concat()).0, Some(2), "{wrong:?}");
    }
    fs::write(&input, "").unwrap();
    let (code, _, err) = run(&stack, &["jobs", "submit", "batch", text(&input)]);
    assert!(code == Some(1) && err.contains("is empty"), "{err}");
}

/// Hands in more than is answered while a test waits.
fn long_job(stack: &Stack) -> String {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    let body = format!(r#"{{"model":"{MODEL}","prompt":"Once upon a time","max_tokens":64}}"#);
    let line = format!(r#"{{"url":"/v1/completions","body":{body}}}"#);
    fs::write(&input, format!("{line}\n").repeat(2_000)).unwrap();
    succeeding(stack, &["jobs", "submit", "batch", text(&input)]).trim().to_owned()
}

#[test]
fn who_stops_watching_leaves_the_job_running() {
    let Some(stack) = Stack::shared() else { return };
    let job = long_job(&stack);
    let mut watch = stack.command(&["jobs", "watch", &job]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(watch.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let interrupted = Command::new("kill").args(["-s", "INT", &watch.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    said.read_to_string(&mut line).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(130), "{line}");
    assert!(line.contains("goes on") && line.contains(&format!("ondol jobs watch {job}")), "{line}");
    assert!(["STATE_READY", "STATE_RUNNING"].contains(&shown(&stack, &job)["state"].as_str().unwrap()));
    succeeding(&stack, &["jobs", "cancel", &job]);
}

#[test]
fn whoever_reads_no_further_ends_a_command_without_a_panic() {
    let Some(stack) = Stack::shared() else { return };
    let submit = ["jobs", "submit", "generate", "--max-tokens", "2", "--watch", "Hi"];
    let out = succeeding(&stack, &submit);
    let job = out.lines().next().unwrap();
    let nobody = "0".repeat(34);
    for (arguments, code) in [
        (&["jobs", "watch", job][..], 0),
        (&["jobs", "list"], 0),
        (&["jobs", "show", &nobody], 1),
        (&["jobs", "cancel", &nobody, &nobody], 1),
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = stack.command(arguments).stdout(writer.try_clone().unwrap()).stderr(writer).status();
        assert_eq!(status.unwrap().code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_running_job_is_stopped_from_outside() {
    let Some(stack) = Stack::shared() else { return };
    let job = long_job(&stack);
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
    let (code, _, err) = run(&stack, &["jobs", "dead", "--most", "0"]);
    assert!(code == Some(2) && err.contains("--most"), "{err}");
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
    assert!(err.contains(&format!("ondol: jobs/{nobody}: NOT_FOUND")), "{err}");
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
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");

    // What is no file is written to, and not replaced; here the link would be.
    let null = folder.path().join("null");
    std::os::unix::fs::symlink("/dev/null", &null).unwrap();
    succeeding(&stack, &["artifact", "get", path, "--output", text(&null)]);
    assert!(fs::symlink_metadata(&null).unwrap().is_symlink());
    let (code, _, err) = run(&stack, &["artifact", "get", path, "--output", text(folder.path())]);
    assert!(code == Some(1) && err.contains("is a folder"), "{err}");
    let (code, _, err) = run(&stack, &["artifact", "url", path]);
    assert!(code == Some(1) && err.contains("ondol artifact get /generated/"), "{err}");
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
