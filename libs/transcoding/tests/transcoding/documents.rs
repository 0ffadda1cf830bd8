//! What is told of the services.

use openapi::{Document, Place};
use serde_json::Value;
use transcoding::{Scope, Transcoder};

use crate::{descriptors::compiled, shelf};

/// Our services that api serves.
const PUBLIC: [&str; 5] = [
    "ondol.admin.v1.ApiKeyService",
    "ondol.artifacts.v1.ArtifactService",
    "ondol.inference.v1.InferenceService",
    "ondol.jobs.v1.JobService",
    "ondol.tools.v1.ToolService",
];

fn ours() -> Transcoder {
    let scope = Scope { services: PUBLIC.map(str::to_owned).into(), ..Scope::default() };
    Transcoder::new(proto::DESCRIPTORS, &scope).unwrap()
}

/// Small enough to be read as a whole.
const LENDING: &str = r#"
syntax = "proto3";
package lending.v1;
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
// Lends books.
service Lending {
  // Lends a book. It must be there.
  rpc Lend(LendRequest) returns (Loan) {
    option (google.api.http) = { post: "/v1/{book=books/*}:lend" body: "*" response_body: "until" };
  }
  // Tells of loans.
  rpc Watch(WatchRequest) returns (stream Loan) {
    option (google.api.http).get = "/v1/loans/{reader}:watch";
  }
}
message LendRequest {
  string book = 1;
  // Required. Who.
  string reader = 2;
  oneof length {
    google.protobuf.Duration time = 3;
    uint64 days = 4;
  }
}
message WatchRequest {
  // The reader's number.
  uint32 reader = 1;
  repeated Kind kinds = 2;
}
// A loan.
message Loan {
  // Output. Until when.
  string until = 1;
  map<string, Loan> others = 2;
}
// A kind of book.
enum Kind {
  KIND_UNSPECIFIED = 0;
  // To be read aloud.
  KIND_POEMS = 1;
}
"#;

#[test]
fn a_document_is_as_it_was() {
    let transcoder = Transcoder::new(&compiled(LENDING), &Scope::default()).unwrap();
    let document = transcoder.openapi("Lending", "1");
    let expected: Value = serde_json::from_str(include_str!("lending.openapi.json")).unwrap();
    assert!(document == expected, "if it is right, write this to lending.openapi.json:\n{document:#}\n");
    assert_eq!(document.to_string(), transcoder.openapi("Lending", "1").to_string());
}

#[test]
fn what_no_annotation_names_stands_at_its_own_path() {
    let read = Document::parse(&shelf().openapi("Shelf", "1").to_string()).unwrap();
    let plain: Vec<_> = read.operations().iter().filter(|it| it.path.starts_with("/shelf")).collect();
    assert_eq!((plain.len(), plain[0].id.as_str()), (1, "Library_Plain"));
    let books: Vec<_> =
        read.operations().iter().filter(|it| it.id.starts_with("Library_ListBooks")).collect();
    assert_eq!(
        books.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(),
        ["/v1/books", "/v1/shelves/{shelve}/books"]
    );
}

#[test]
fn every_public_rpc_of_ours_has_a_path_that_is_no_other_surfaces() {
    let transcoder = ours();
    let document = transcoder.openapi("Ondol", "1");
    let read = Document::parse(&document.to_string()).unwrap();
    let listed: Vec<_> =
        read.operations().iter().map(|it| format!("{} {} {}", it.id, it.method, it.path)).collect();
    let expected = [
        "ToolService_ReadAnswer GET /api/v1/answers/{answer}",
        "ApiKeyService_ListApiKeys GET /api/v1/apiKeys",
        "ApiKeyService_CreateApiKey POST /api/v1/apiKeys",
        "ApiKeyService_GetApiKey GET /api/v1/apiKeys/{apiKey}",
        "ApiKeyService_RevokeApiKey POST /api/v1/apiKeys/{apiKey}:revoke",
        "JobService_ListJobs GET /api/v1/jobs",
        "JobService_CreateJob POST /api/v1/jobs",
        "JobService_GetJob GET /api/v1/jobs/{job}",
        "JobService_DeleteJob DELETE /api/v1/jobs/{job}",
        "ArtifactService_ListArtifacts GET /api/v1/jobs/{job}/artifacts",
        "ArtifactService_GetArtifact GET /api/v1/jobs/{job}/artifacts/{artifact}",
        "ArtifactService_DeleteArtifact DELETE /api/v1/jobs/{job}/artifacts/{artifact}",
        "ArtifactService_CreateDownloadUrl POST /api/v1/jobs/{job}/artifacts/{artifact}:createDownloadUrl",
        "JobService_CancelJob POST /api/v1/jobs/{job}:cancel",
        "JobService_RequeueJob POST /api/v1/jobs/{job}:requeue",
        "JobService_WatchJob GET /api/v1/jobs/{job}:watch",
        "JobService_ListDeadJobs GET /api/v1/jobs:listDead",
        "InferenceService_ListModels GET /api/v1/models",
        "InferenceService_GetModel GET /api/v1/models/{model}",
        "InferenceService_CountTokens POST /api/v1/models/{model}:countTokens",
        "InferenceService_GenerateText POST /api/v1/models/{model}:generateText",
        "InferenceService_StreamGenerateText POST /api/v1/models/{model}:streamGenerateText",
        "ToolService_ListTools GET /api/v1/tools",
        "ToolService_GetTool GET /api/v1/tools/{tool}",
        "ToolService_CallTool POST /api/v1/tools/{tool}:call",
        "ArtifactService_CreateUploadUrl POST /api/v1/uploads",
    ];
    assert_eq!(listed, expected);
    let count =
        transcoder.rpcs().filter(|rpc| !rpc.full_name().starts_with("ondol.tools.v1.Webhook")).count();
    assert_eq!(count, expected.len(), "an rpc has no path");
}

#[test]
fn whoever_reads_the_document_can_make_every_call() {
    let read = Document::parse(&ours().openapi("Ondol", "1").to_string()).unwrap();
    for listed in read.operations() {
        read.operation(&listed.id).unwrap_or_else(|error| panic!("{}: {error}", listed.id));
    }
    let call = read.operation("ToolService_CallTool").unwrap();
    assert_eq!((call.parameters[0].name.as_str(), call.parameters[0].place), ("tool", Place::Path));
    let fields = call.body.unwrap().fields.unwrap();
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["arguments"]);

    let create = read.operation("JobService_CreateJob").unwrap();
    let query: Vec<_> = create.parameters.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(query, ["requestId", "delay", "expiresAfter"]);
    let fields = create.body.unwrap().fields.unwrap();
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    assert!(
        names.contains(&"callTool") && !names.contains(&"createTime"),
        "outputs are no arguments: {names:?}"
    );
    assert!(create.description.starts_with("Takes a job in."));
    assert!(create.answer.is_some());
}
