//! `batch`: one answer a line.

use jobs::State;
use proto::jobs::v1::BatchWork;
use serde_json::{Value, json};
use tonic::Status;

use crate::{scripted::Scripted, stand::Stand};

fn line(id: usize, prompt: &str) -> String {
    let body = json!({"prompt": prompt});
    format!("{}\n", json!({"custom_id": id.to_string(), "url": "/v1/completions", "body": body}))
}

fn answers(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_line_is_answered_in_order_and_a_wrong_one_does_not_fail_the_others() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let lines = [line(0, "a"), "not json\n".to_owned(), line(2, "c"), "\n".to_owned(), line(4, "e")].concat();
    let id = stand.batch(&lines).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let answers = answers(&stand.artifacts(id).await["output.jsonl"]);
    let texts: Vec<_> =
        answers.iter().map(|it| it["response"]["body"]["choices"][0]["text"].as_str()).collect();
    assert_eq!(texts, [Some("A"), None, Some("C"), None, Some("E")]);
    let ids: Vec<_> = answers.iter().map(|it| it["custom_id"].as_str()).collect();
    assert_eq!(ids, [Some("0"), None, Some("2"), None, Some("4")]);
    assert!(answers[1]["error"]["message"].as_str().unwrap().contains("expected"), "{}", answers[1]);
    assert_eq!(answers[0]["error"], Value::Null);
}

#[tokio::test]
async fn what_the_model_refuses_is_that_lines_answer() {
    let scripted = Scripted::new();
    scripted.refuse([Status::not_found("no such model")]);
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.batch(&line(0, "a")).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let answers = answers(&stand.artifacts(id).await["output.jsonl"]);
    assert_eq!((&answers[0]["error"]["status_code"], &answers[0]["response"]), (&json!(404), &Value::Null));
}

#[tokio::test]
async fn a_line_reaches_no_model_that_the_key_of_its_job_does_not_name() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let body = json!({"model": "other", "prompt": "b"});
    let foreign = format!("{}\n", json!({"custom_id": "1", "url": "/v1/completions", "body": body}));
    let id = stand.batch_with("scopes=;models=stub", &[line(0, "a"), foreign].concat()).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let answers = answers(&stand.artifacts(id).await["output.jsonl"]);
    assert_eq!(answers[0]["response"]["body"]["choices"][0]["text"], "A");
    let error = &answers[1]["error"];
    assert_eq!((&error["status_code"], &error["code"]), (&json!(403), &json!("model_forbidden")));
    assert_eq!(scripted.prompts(), ["a"], "the model was not asked");
}

#[tokio::test]
async fn a_line_on_which_the_model_fails_is_tried_again_and_costs_no_other() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let failure = || Status::internal("a step failed");
    scripted.refuse([failure(), failure()]);
    let id = stand.batch(&line(0, "a")).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let passed = answers(&stand.artifacts(id).await["output.jsonl"]);
    assert_eq!(passed[0]["response"]["body"]["choices"][0]["text"], "A");

    scripted.refuse([failure(), failure(), failure()]);
    let id = stand.batch(&line(0, "a")).await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 1));
    let told = answers(&stand.artifacts(id).await["output.jsonl"]);
    assert_eq!(told[0]["error"]["status_code"], 500);
}

#[tokio::test]
async fn another_worker_goes_on_behind_the_lines_that_were_saved() {
    let count = 250;
    let lines: String = (0..count).map(|index| line(index, &format!("p{index}"))).collect();
    // The first worker gets so far and no further.
    let scripted = Scripted::holding(230);
    let stand = Stand::new(&scripted).await;
    let first = stand.worker(&[]);
    let id = stand.batch(&lines).await;
    while scripted.prompts().len() < 231 {
        scripted.arrived.notified().await;
    }
    first.terminate().await;

    let rest = Scripted::new();
    let again = Stand::new(&rest).await.with_work_of(&stand);
    let _second = again.worker(&[]);
    let job = again.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 1), "giving back burns no attempt");
    let answers = answers(&again.artifacts(id).await["output.jsonl"]);
    let ids: Vec<_> = answers.iter().map(|it| it["custom_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..count).map(|index| index.to_string()).collect::<Vec<_>>());
    let redone = rest.prompts().len();
    assert!((20..=count - 200).contains(&redone), "{redone} lines were answered by the second worker");
    let last = again.reports(id).await.pop().unwrap();
    assert_eq!((last.done, last.total, last.failed), (count as u64, count as u64, 0));
}

#[tokio::test]
async fn an_upload_that_is_not_there_or_somebody_elses_is_said_so() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    for input in ["uploads/00000000000000000000000000000000", "../secrets"] {
        let work = BatchWork { input: input.into(), ..BatchWork::default() };
        let id = stand.submit("batch", &work, false).await;
        let job = stand.ended(id).await;
        assert_eq!(job.state, State::Dead);
        assert!(job.error.unwrap().contains("input"), "{input}");
    }
}

#[tokio::test]
async fn an_empty_file_has_an_empty_answer() {
    let scripted = Scripted::forgetful();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.batch("").await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    assert_eq!(stand.artifacts(id).await["output.jsonl"], "");
}
