//! Tools by gRPC.

use proto::tools::v1 as wire;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt;

use crate::stand::{Stand, by, structured};

#[tokio::test]
async fn tools_are_listed_by_pages_and_described() {
    let stand = Stand::new().await;
    let list = |page_size, page_token| wire::ListToolsRequest { page_size, page_token };
    let all = stand.tools().list_tools(by("scopes=", list(0, String::new()))).await.unwrap().into_inner();
    let ids: Vec<_> = all.tools.iter().map(|tool| tool.id.as_str()).collect();
    assert_eq!(ids, ["s3_get", "s3_list", "s3_presign", "s3_put", "s3_stat"]);
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page = stand.tools().list_tools(by("scopes=", list(2, token))).await.unwrap().into_inner();
        paged.extend(page.tools.into_iter().map(|tool| tool.id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, ids);
    let request = wire::GetToolRequest { name: "tools/s3_list".into() };
    let tool = stand.tools().get_tool(by("scopes=", request)).await.unwrap().into_inner();
    assert_eq!(tool, all.tools[1]);
    assert!(tool.description.contains("Daily reports.") && tool.annotations.unwrap().read_only);
    assert!(tool.input_schema.is_some() && tool.output_schema.is_some() && tool.digest.len() == 64);
}

#[tokio::test]
async fn an_object_is_written_listed_described_and_read() {
    let stand = Stand::new().await;
    let put =
        json!({"bucket": "reports", "key": "inbox/b.csv", "text": "a,b\n1,2\n", "content_type": "text/csv"});
    let answer = stand.call("s3_put", put.clone()).await.unwrap();
    assert!(!answer.is_error, "{answer:?}");
    assert_eq!(structured(&answer)["size"], 8);
    // Not replaced unless that is asked for.
    assert!(stand.call("s3_put", put.clone()).await.unwrap().is_error);
    let mut replace = put;
    replace["replace"] = true.into();
    assert!(!stand.call("s3_put", replace).await.unwrap().is_error);

    let listed = stand.call("s3_list", json!({"bucket": "reports", "prefix": "inbox/"})).await.unwrap();
    assert_eq!(structured(&listed)["objects"][0]["key"], "inbox/b.csv");
    let about = stand.call("s3_stat", json!({"bucket": "reports", "key": "inbox/b.csv"})).await.unwrap();
    assert_eq!(structured(&about)["content_type"], "text/csv");
    let part = json!({"bucket": "reports", "key": "inbox/b.csv", "offset": 4, "length": 3});
    let read = structured(&stand.call("s3_get", part).await.unwrap());
    assert_eq!((&read["text"], &read["size"], &read["length"]), (&json!("1,2"), &json!(8), &json!(3)));
    let beyond = json!({"bucket": "reports", "key": "inbox/b.csv", "offset": 8});
    assert!(stand.call("s3_get", beyond).await.unwrap().is_error);
}

#[tokio::test]
async fn bytes_that_are_no_text_come_as_base64() {
    let stand = Stand::new().await;
    let put = json!({"bucket": "reports", "key": "inbox/pixel", "base64": "/9j/4A=="});
    stand.call("s3_put", put).await.unwrap();
    let answer = stand.call("s3_get", json!({"bucket": "reports", "key": "inbox/pixel"})).await.unwrap();
    assert_eq!(structured(&answer)["base64"], "/9j/4A==");
    let wrong = json!({"bucket": "reports", "key": "inbox/x", "base64": "?"});
    assert_eq!(stand.call("s3_put", wrong).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn nothing_outside_of_the_folders_is_reached() {
    let stand = Stand::new().await;
    for key in ["secret.txt", "daily/../secret.txt", "/etc/passwd", "inboxes/a", "%2e%2e/a", "daily"] {
        for tool in ["s3_get", "s3_stat", "s3_presign"] {
            let status = stand.call(tool, json!({"bucket": "reports", "key": key})).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{tool} {key}");
        }
        let put = json!({"bucket": "reports", "key": key, "text": "x"});
        assert_eq!(stand.call("s3_put", put).await.unwrap_err().code(), Code::InvalidArgument, "{key}");
    }
    let put = json!({"bucket": "reports", "key": "daily/a.txt", "text": "x", "replace": true});
    assert_eq!(stand.call("s3_put", put).await.unwrap_err().code(), Code::InvalidArgument);
    let list = stand.call("s3_list", json!({"bucket": "reports", "prefix": ""})).await.unwrap_err();
    assert_eq!(list.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn each_wrong_argument_is_named() {
    let stand = Stand::new().await;
    let wrong = json!({"bucket": "other", "offset": -1, "extra": true});
    let status = stand.call("s3_get", wrong).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|it| it.field.as_str()).collect();
    for field in ["arguments.bucket", "arguments.offset", "arguments"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
}

#[tokio::test]
async fn what_a_folder_cannot_do_is_an_answer() {
    let stand = Stand::new().await;
    let answer = stand.call("s3_presign", json!({"bucket": "reports", "key": "daily/a.txt"})).await.unwrap();
    assert!(answer.is_error, "a folder signs nothing");
    let missing = stand.call("s3_get", json!({"bucket": "reports", "key": "daily/none"})).await.unwrap();
    assert!(missing.is_error);
}

#[tokio::test]
async fn a_key_sees_the_tools_that_it_may_call() {
    let stand =
        Stand::with("[tools.s3_put]\nscopes = [\"reports:write\"]\n[tools.s3_stat]\nenabled = false\n").await;
    let ids = async |grants: &str| {
        let list = stand.tools().list_tools(by(grants, wire::ListToolsRequest::default())).await.unwrap();
        list.into_inner().tools.into_iter().map(|tool| tool.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("scopes=").await, ["s3_get", "s3_list", "s3_presign"]);
    assert_eq!(ids("scopes=reports:write;tools=s3_p*").await, ["s3_presign", "s3_put"]);
    assert_eq!(ids("scopes=reports:write;tools=").await, Vec::<String>::new());
    let list = json!({"bucket": "reports", "prefix": "daily/"});
    let forbidden = stand.call_with("scopes=;tools=s3_get", "s3_list", list.clone()).await.unwrap_err();
    // As a tool that is not there, since whoever may not call it may not know of it.
    let unknown = stand.call("s3_lost", list.clone()).await.unwrap_err();
    assert_eq!((forbidden.code(), unknown.code()), (Code::NotFound, Code::NotFound));
    assert_eq!(forbidden.message().replace("s3_list", "s3_lost"), unknown.message());
    assert_eq!(reason(&forbidden), reason(&unknown));
    let put = stand.call("s3_put", json!({})).await.unwrap_err();
    assert!(put.code() == Code::NotFound && !put.message().contains("reports:write"), "{put}");
    let off = stand.call("s3_stat", json!({"bucket": "reports", "key": "daily/a.txt"})).await.unwrap_err();
    assert_eq!(off.code(), Code::FailedPrecondition);
    assert_eq!(stand.call("s3_drop", list).await.unwrap_err().code(), Code::NotFound);
}

fn reason(status: &tonic::Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn whoever_called_reads_all_of_a_large_answer_and_nobody_else() {
    let stand = Stand::with("[s3.policy]\nmax_answer_bytes = 1000\n").await;
    let text = "desk ".repeat(200_000);
    stand.call("s3_put", json!({"bucket": "reports", "key": "inbox/a.txt", "text": text})).await.unwrap();
    let large = json!({"bucket": "reports", "key": "inbox/a.txt"});
    let answer = stand.call("s3_get", large).await.unwrap();
    assert!(answer.answer.starts_with("answers/s3_get-"), "{answer:?}");
    let read = async |principal: &str| {
        let mut request = tonic::Request::new(wire::ReadAnswerRequest { name: answer.answer.clone() });
        request.metadata_mut().insert("x-ondol-principal", principal.parse().unwrap());
        let mut pieces = stand.tools().read_answer(request).await?.into_inner();
        let (mut first, mut whole) = (None, Vec::new());
        while let Some(piece) = pieces.message().await? {
            whole.extend_from_slice(&piece.data);
            first.get_or_insert((piece.media_type, piece.size_bytes));
        }
        Ok::<_, tonic::Status>((first.unwrap(), whole))
    };
    let ((media_type, size), whole) = read("team-a").await.unwrap();
    assert_eq!((media_type.as_str(), size), ("application/json", whole.len() as u64));
    let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(whole["text"], text);

    let refused = read("team-b").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
    for name in ["answers/none", "answers/..", "answers/a/b", "tools/s3_get", ""] {
        let request = by("scopes=", wire::ReadAnswerRequest { name: name.into() });
        let status = stand.tools().read_answer(request).await.unwrap_err();
        let expected = if name == "answers/none" { Code::NotFound } else { Code::InvalidArgument };
        assert_eq!(status.code(), expected, "{name}: {status}");
    }
}

#[tokio::test]
async fn it_is_told_whether_anything_was_done() {
    // Nobody listens there any more.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let somewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = |name: &str, address: std::net::SocketAddr| {
        format!(
            "[http.{name}]\nurl = \"http://{address}\"\nprivate = [\"127.0.0.0/8\"]\nplain_http = true\n\
             [http.{name}.tools.place]\ndescription = \"Places an order.\"\nmethod = \"POST\"\npath = \"/orders\"\n"
        )
    };
    let apis = api("away", nowhere) + &api("failing", somewhere.local_addr().unwrap());
    let stand = Stand::with(&apis).await;
    let nothing_done = |status: &tonic::Status| {
        status.get_details_error_info().unwrap().metadata.contains_key("nothing_done")
    };
    let away = stand.call("away_place", json!({})).await.unwrap_err();
    assert_eq!((away.code(), nothing_done(&away)), (Code::Unavailable, true), "{away}");
    let cut = async { drop(somewhere.accept().await.unwrap()) };
    let (failing, ()) = tokio::join!(stand.call("failing_place", json!({})), cut);
    let failing = failing.unwrap_err();
    assert_eq!((failing.code(), nothing_done(&failing)), (Code::Unavailable, false), "{failing}");
}
