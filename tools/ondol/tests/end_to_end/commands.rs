//! The commands around the stack.

use std::{
    fs,
    process::Output,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::stack::{MODEL, Stack, models, ondol, text};

/// Runs a command: its exit code, what it printed, what it said to the user.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = ondol(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn models_are_listed_and_shown_as_json() {
    let Some(models) = models() else { return };
    let (code, out, _) = run(&["model", "list", "--json", "--models", text(&models)]);
    assert_eq!(code, Some(0));
    let list: Value = serde_json::from_str(&out).unwrap();
    let listed = list.as_array().unwrap().iter().find(|entry| entry["name"] == MODEL);
    let (code, out, _) = run(&["model", "show", MODEL, "--json", "--models", text(&models)]);
    assert_eq!(code, Some(0));
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed.unwrap()["manifest"], shown);
    assert_eq!((&shown["name"], &shown["task"]), (&MODEL.into(), &"text-generation".into()));
}

#[test]
fn an_unknown_model_cannot_be_shown() {
    let Some(models) = models() else { return };
    let (code, out, err) = run(&["model", "show", "gpt-7", "--models", text(&models)]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("gpt-7"), "{err}");
}

#[test]
fn a_new_key_comes_with_the_hash_that_api_wants() {
    let (code, out, err) = run(&["keys", "new", "gateway"]);
    assert_eq!(code, Some(0));
    let secret = err.lines().last().unwrap();
    assert!(secret.starts_with("ondol_") && err.contains("shown only now"), "{err}");
    let digest = hex::encode(Sha256::digest(secret));
    // What goes into the file is the table, and nothing of the secret.
    assert_eq!(out, format!("[[keys]]\nname = \"gateway\"\nsha256 = \"{digest}\"\n"));
    assert_ne!(run(&["keys", "new", "gateway"]).1, out);
    let (_, out, _) = run(&["keys", "new", "gateway", "--scopes", "admin", "--expires", "2999-01-31"]);
    assert!(out.contains("scopes = [\"admin\"]\nexpires = \"2999-01-31T00:00:00Z\"\n"), "{out}");
}

#[test]
fn the_development_key_is_printed_as_api_takes_it() {
    let Some(stack) = Stack::shared() else { return };
    let file = stack.key_file();
    let (code, out, _) = run(&["keys", "development", "--key-file", text(&file)]);
    let secret = std::fs::read_to_string(&file).unwrap();
    let expected = format!("development:{}\n", hex::encode(Sha256::digest(secret.trim())));
    assert_eq!((code, out), (Some(0), expected));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    for (arguments, word) in [
        (&[][..], "Usage"),
        (&["sing"], "sing"),
        (&["generate"], "<PROMPT>"),
        (&["generate", "--temperature", "hot", "Hi"], "--temperature"),
        (&["up", "--listen", "here"], "--listen"),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains(word), "{err}");
    }
}

#[test]
fn whatever_stands_in_no_color_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let places = ["--key-file", text(&key), "--models", text(folder.path())];
    let ports = ["up", "--listen", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    for value in ["1", "please", ""] {
        let output = ondol(&[&ports[..], &places].concat()).env("NO_COLOR", value).output().unwrap();
        // Wrong usage would be 2; a folder without a model is found out by the start.
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{value:?}: {err}");
    }
}

#[test]
fn a_server_is_a_url_and_https_needs_its_authority() {
    for (server, word) in [("127.0.0.1:50051", "http://HOST:PORT"), ("https://127.0.0.1:0", "--tls-ca")] {
        let (code, _, err) = run(&["generate", "--server", server, "--api-key", "k", "Hi"]);
        assert_ne!(code, Some(0));
        assert!(err.contains(word), "{err}");
    }
}

#[test]
fn a_name_that_api_would_refuse_gets_no_key() {
    let (code, out, err) = run(&["keys", "new", "my laptop"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("letters, digits"), "{err}");
}

#[test]
fn a_development_key_file_that_holds_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "hunter2").unwrap();
    for command in [&["keys", "development"][..], &["generate", "Hi"]] {
        let (code, out, err) = run(&[command, &["--key-file", text(&key)]].concat());
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains("64 hex digits") && !err.contains("hunter2"), "{err}");
    }
}

#[test]
fn a_damaged_package_is_not_served() {
    let Some(models) = models() else { return };
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join(MODEL);
    fs::create_dir(&package).unwrap();
    for file in fs::read_dir(models.join(MODEL)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), package.join(file.file_name())).unwrap();
    }
    // It still parses, and would make other prompts than the model was trained on.
    let template = package.join("chat_template.jinja");
    let sound = fs::read_to_string(&template).unwrap();
    fs::write(&template, sound.replacen("assistant", "assistanT", 1)).unwrap();

    let key = folder.path().join("key");
    let places = ["--models", text(folder.path()), "--key-file", text(&key)];
    let ports = ["up", "--listen", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    let (code, out, err) = run(&[&ports[..], &places].concat());
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("chat_template.jinja") && err.contains("sha256"), "{err}");
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    // Nobody can listen on port 0.
    let (code, out, err) = run(&["generate", "--server", "http://127.0.0.1:0", "--api-key", "k", "Hi"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    for word in ["cannot be reached", "connecting to http://127.0.0.1:0", "is it running?"] {
        assert!(err.contains(word), "{word} is missing in {err}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let Some(stack) = Stack::shared() else { return };
    let (models, key, taken) = (models().unwrap(), stack.key_file(), stack.api.to_string());
    for (listen, admin) in [(taken.as_str(), "127.0.0.1:0"), ("127.0.0.1:0", taken.as_str())] {
        let places = ["--models", text(&models), "--key-file", text(&key)];
        let ports = ["up", "--listen", listen, "--admin-addr", admin];
        let (code, out, err) = run(&[&ports[..], &places].concat());
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        for words in ["cannot listen", &taken, "Address already in use"] {
            assert!(err.contains(words), "{words} is missing in {err}");
        }
    }
}

#[test]
fn a_webhook_verifies_with_the_secret_that_is_printed_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(run(&["tools", "new", &path("tools.toml")]).0, Some(0));
    let secret = |principal: &str| run(&["webhooks", "secret", principal, "--tools", &path("tools.toml")]).1;
    let (ours, theirs) = (secret("team-a"), secret("team-b"));
    assert!(ours.starts_with("whsec_") && ours != theirs, "{ours}");
    assert_eq!(run(&["webhooks", "secret", "no name", "--tools", &path("tools.toml")]).0, Some(1));

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let key = webhooks::SigningKey::parse(&ours).unwrap();
    let signed = webhooks::Signed::sign([&key], "0a", now, b"{}");
    let headers =
        format!("Webhook-Id: 0a\nWebhook-Timestamp: {now}\nWebhook-Signature: {}\n", signed.signatures);
    fs::write(path("headers"), headers).unwrap();
    fs::write(path("body"), "{}").unwrap();
    for (secret, code) in [(ours, Some(0)), (theirs, Some(1))] {
        fs::write(path("secret"), secret).unwrap();
        let files = ["--secret-file", &path("secret"), "--headers", &path("headers"), &path("body")];
        assert_eq!(run(&[&["webhooks", "verify"], &files[..]].concat()).0, code);
    }
}
