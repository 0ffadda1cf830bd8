//! Tools from the command line: the file that describes them, and calls.

use std::{
    fs,
    process::Output,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::stack::{Stack, ondol};

fn said(output: Output) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = output;
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_file_that_cannot_be_used_is_told_everything_that_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.toml").display().to_string();
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        said(ondol(&["tools", "check", &file]).output().unwrap())
    };
    let (code, _, err) = check("[secrets]\nfolder = \"nowhere\"\n[http.a]\nurl = \"ftp://a.example\"\n");
    assert_eq!(code, Some(1));
    for part in ["2 things are wrong", "nowhere", "[http.a] url"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    let (code, out, err) = check("[http.a]\nurl = \"https://a.example\"\n");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("warning: [http.a] has no tools") && out.contains("with one warning"), "{out}");
}

#[test]
fn arguments_are_what_the_tool_takes() {
    let Some(stack) = Stack::shared() else { return };
    let call =
        |arguments: &[&str]| said(stack.command(&[&["tools", "call"], arguments].concat()).output().unwrap());
    // The folder outlives a run, and nothing in it is written over.
    let key = format!("key=given-{}.txt", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let (code, _, err) = call(&["s3_put", "bucket=files", &key, "text=123"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let (code, out, _) = call(&["s3_get", "bucket=files", &key, "length=2"]);
    assert!(code == Some(0) && out.contains("\"12\""), "{out}");
    let (code, _, err) = call(&["s3_get", "bucket=files", &key, "length=two"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("the argument length: expected a whole number"), "{err}");
}
