//! `ondol call`: any rpc, as JSON.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::stack::{MODEL, Stack, ondol, text};

fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn count() -> String {
    json!({"model": MODEL, "prompt": "Once upon a time"}).to_string()
}

#[test]
fn an_answer_is_indented_json_wherever_the_request_came_from() {
    let Some(stack) = Stack::shared() else { return };
    let (code, out, err) = run(stack.command(&["call", "CountTokens", &count()]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("{\n  \"tokens\": "), "{out}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("request.json");
    fs::write(&file, count()).unwrap();
    let at = format!("@{}", text(&file));
    assert_eq!(run(stack.command(&["call", "InferenceService/CountTokens", &at])).1, out);

    let whole = ["call", "ondol.inference.v1.InferenceService/CountTokens", "-", "--deadline", "30s"];
    let mut piped = stack.command(&whole);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(count().as_bytes()).unwrap();
    assert_eq!(String::from_utf8(piped.wait_with_output().unwrap().stdout).unwrap(), out);
}

#[test]
fn a_stream_is_a_document_a_line() {
    let Some(stack) = Stack::shared() else { return };
    let request = json!({"model": MODEL, "prompt": "Once", "maxTokens": 4, "stop": {"ignoreEnd": true}});
    let (code, out, err) = run(stack.command(&["call", "StreamGenerateText", &request.to_string()]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["started"]["model"], MODEL);
    assert_eq!(events.last().unwrap()["finished"]["usage"]["completionTokens"], 4);
    assert!(events.iter().filter(|event| !event["token"].is_null()).count() >= 1, "{out}");
}

#[test]
fn nothing_is_sent_of_what_is_wrong() {
    // Nobody can listen on port 0.
    let nowhere = ["--server", "http://127.0.0.1:0", "--api-key", "k"];
    let request = r#"{"modle": "m", "sampling": {"topK": "many"}}"#;
    for (method, request, words) in [
        (
            "GenerateText",
            request,
            &["nothing was sent", "\n  modle: ", "\n  sampling.topK: ", "--describe"][..],
        ),
        ("GenerateText", "{", &["the request is not JSON"]),
        ("GenerateText", "@/nowhere/at/all", &["reading /nowhere/at/all"]),
        ("Generate", "{}", &["no method \"Generate\"", "InferenceService/GenerateText"]),
    ] {
        let (code, out, err) = run(ondol(&[&["call", method, request], &nowhere[..]].concat()));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        for word in words {
            assert!(err.contains(word), "{word} is missing in {err}");
        }
    }
    let (code, ..) = run(ondol(&[&["call", "ListModels"], &nowhere[..]].concat()));
    assert_eq!(code, Some(1), "this call was made, and failed");
    let (code, _, err) = run(ondol(&["call", "ListModels", "--header", "authorization:x"]));
    assert!(code == Some(2) && err.contains("--api-key"), "{err}");
}

#[test]
fn what_the_server_refuses_is_told_in_full() {
    let Some(stack) = Stack::shared() else { return };
    let request = |more: Value| {
        let mut request = json!({"model": MODEL, "prompt": "Once"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request.to_string()
    };
    for (more, options, words) in [
        (json!({"model": "gpt-7"}), &[][..], &["NOT_FOUND (MODEL_NOT_FOUND)", "ListModels"][..]),
        (
            json!({"sampling": {"temperature": 9}}),
            &[],
            &["INVALID_ARGUMENT (INVALID_ARGUMENT)", "sampling.temperature"],
        ),
        (json!({}), &["--deadline", "1us"], &["DEADLINE_EXCEEDED (DEADLINE_EXCEEDED)"]),
        (json!({}), &["--api-key", "ondol_guessed"], &["UNAUTHENTICATED (UNAUTHENTICATED)", "--api-key"]),
        (
            json!({"model": "gpt-7"}),
            &["--header", "x-request-id:try-1"],
            &["NOT_FOUND", "\n  request id: try-1"],
        ),
    ] {
        for method in ["GenerateText", "StreamGenerateText"] {
            let (code, out, err) =
                run(stack.command(&[&["call", method, &request(more.clone())], options].concat()));
            assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
            for word in [words, &["\n  request id: "]].concat() {
                assert!(err.contains(word), "{word} is missing in {err}");
            }
        }
    }
}

#[test]
fn messages_are_as_large_as_the_flag_says() {
    let Some(stack) = Stack::shared() else { return };
    let call = |more: &[&str]| run(stack.command(&[&["call"], more].concat()));
    let (code, _, err) = call(&["ListModels", "--max-message-bytes", "10"]);
    assert_eq!(code, Some(1), "{err}");
    for word in ["OUT_OF_RANGE", "the limit is: 10 bytes\n", "--max-message-bytes takes", "request id: "] {
        assert!(err.contains(word), "{word} is missing in {err}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("request.json");
    fs::write(&file, json!({"model": MODEL, "prompt": "x".repeat(5 << 20)}).to_string()).unwrap();
    let at = format!("@{}", text(&file));
    let (code, _, err) = call(&["CountTokens", &at]);
    assert!(code == Some(2) && err.contains("larger than 4194304 bytes: --max-message-bytes"), "{err}");
    // It goes then, and is too large for the server.
    let (code, _, err) = call(&["CountTokens", &at, "--max-message-bytes", "9000000"]);
    assert_eq!(code, Some(1), "{err}");
    for word in ["OUT_OF_RANGE (OUT_OF_RANGE)", "--max-message-bytes of the server"] {
        assert!(err.contains(word), "{word} is missing in {err}");
    }
}

#[test]
fn a_method_is_shown_without_a_server_and_its_example_is_taken() {
    let (code, out, _) = run(ondol(&["call"]));
    assert!(code == Some(0) && out.contains("ondol.jobs.v1.JobService\n  CreateJob "), "{out}");
    let (code, out, _) = run(ondol(&["call", "WatchJob", "--describe"]));
    assert!(code == Some(0) && out.contains("Answers a stream of ondol.jobs.v1.WatchJobResponse"), "{out}");
    let (code, out, _) = run(ondol(&["call", "CountTokens", "--example"]));
    let example: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &example["messages"][0]["role"]), (Some(0), &"string".into()));
}

#[test]
fn what_only_the_server_knows_is_called_through_its_reflection() {
    let Some(stack) = Stack::shared() else { return };
    let server = format!("http://{}", stack.api);
    // Everybody may ask for health: whoever has no key too.
    let keyless = ["--server", &server, "--key-file", "/nowhere/at/all"];
    for method in ["Health/Check", "grpc.health.v1.Health/Check"] {
        let mut command = ondol(&[&["call", method], &keyless[..]].concat());
        command.env_remove("ONDOL_API_KEY");
        let (code, out, err) = run(command);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), json!({"status": "SERVING"}));
    }
    let mut command = ondol(&[&["call", "ListModels"], &keyless[..]].concat());
    command.env("ONDOL_API_KEY", "");
    let (code, _, err) = run(command);
    assert!(code == Some(1) && err.contains("no API key: give --api-key"), "{err}");
}

#[test]
fn a_method_that_only_the_server_could_know_is_not_called_wrong_while_nobody_can_ask_it() {
    let nowhere = ["call", "Health/Check", "--server", "http://127.0.0.1:0"];
    for more in [["--key-file", "/nowhere/at/all"], ["--api-key", "k"]] {
        let mut command = ondol(&[&nowhere[..], &more].concat());
        command.env_remove("ONDOL_API_KEY");
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        for word in ["no method \"Health/Check\"", "could not be asked: ", "UNAVAILABLE", "is it running?"] {
            assert!(err.contains(word), "{word} is missing in {err}");
        }
    }
}

#[test]
fn the_development_key_goes_to_no_other_machine() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, format!("ondol_{}", "a".repeat(64))).unwrap();
    for command in [&["call", "ListModels"][..], &["generate", "Hi"]] {
        // A name that no resolver knows: nothing is even looked up.
        let to = ["--server", "http://api.invalid:50051", "--key-file", text(&key)];
        let mut command = ondol(&[command, &to].concat());
        command.env("ONDOL_API_KEY", "");
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains("give --api-key") && err.contains("this machine alone"), "{err}");
    }
}

#[test]
fn ctrl_c_ends_the_call_at_the_server_too() {
    let Some(stack) = Stack::start() else { return };
    let request = json!({"model": MODEL, "prompt": "Once", "maxTokens": 1900, "stop": {"ignoreEnd": true}});
    let mut command = stack.command(&["call", "StreamGenerateText", &request.to_string()]);
    let mut call = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(call.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("started"));
    let process = call.id().to_string();
    assert!(Command::new("sh").args(["-c", "kill -s INT $0", &process]).status().unwrap().success());
    drop(lines);
    let Output { status, .. } = call.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(130));
    stack.wait_for("/metrics", &["ondol_llm_requests_finished_total{", "reason=\"cancelled\"} 1"]);
}
