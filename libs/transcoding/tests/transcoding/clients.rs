//! Rpcs by their names.

use serde_json::{Value, json};
use transcoding::{Scope, Transcoder};

use crate::shelf;

#[test]
fn a_client_knows_an_rpc_by_its_name() {
    for name in ["shelf.v1.Library/GetBook", "/shelf.v1.Library/GetBook", "shelf.v1.Library.GetBook"] {
        let rpc = shelf().rpc(name).unwrap();
        assert_eq!(
            (rpc.path(), rpc.streams(), rpc.takes_stream()),
            ("/shelf.v1.Library/GetBook", false, false)
        );
    }
    let told = shelf().rpc("shelf.v1.Library/Get").unwrap_err().to_string();
    assert!(told.contains("\"shelf.v1.Library/Get\"") && told.contains("shelf.v1.Library/GetBook"), "{told}");
    assert!(shelf().rpc("shelf.v1.Library/WatchBooks").unwrap().streams());
    assert!(shelf().rpc("shelf.v1.Library/Gather").unwrap().takes_stream());
    assert_eq!(shelf().rpcs().count(), 10);
}

#[test]
fn json_becomes_a_message_and_a_message_json() {
    let ours = Transcoder::new(proto::DESCRIPTORS, &Scope::default()).unwrap();
    let rpc = ours.rpc("ondol.jobs.v1.JobService/GetJob").unwrap();
    assert_eq!(rpc.encode(br#"{"name": "jobs/a"}"#).unwrap(), b"\x0a\x06jobs/a");
    assert_eq!(rpc.encode(b"").unwrap(), b"");
    let told = rpc.encode(br#"{"nam": "jobs/a"}"#).unwrap_err().to_string();
    assert_eq!(told, "nam: ondol.jobs.v1.GetJobRequest has no such field");
    let job: Value = serde_json::from_slice(&rpc.decode(b"\x0a\x06jobs/a\x50\x04").unwrap()).unwrap();
    assert_eq!((&job["name"], &job["state"]), (&json!("jobs/a"), &json!("STATE_RUNNING")));
}
