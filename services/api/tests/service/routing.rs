//! Which release answers: by weight, and another one where the first is away or full, until there is a token.

use std::{collections::HashMap, time::Duration};

use proto::inference::v1::{
    CountTokensRequest, GetModelRequest, ListModelsRequest, StreamGenerateTextResponse,
    stream_generate_text_response::Event,
};
use runtime::Life;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    house::{by, channel},
    keys::key_file,
    limited::{self, subjects},
    plain,
    routed::{Routed, ask_of, file, release, told},
    scripted::Script,
    stand::{SECRET, Stand, ask, keyed, line, refusal},
};

/// Blue runs everything, and green stands in with a small model.
const STANDING_IN: &str = "[[routes]]\nmodel = \"*\"\ntargets = [{ release = \"blue\" }]\n\
                           fallback = [{ release = \"green\", model = \"tiny\" }]\n";

fn away() -> Status {
    Status::unavailable("away")
}

/// A queue that has room again after so long.
fn full(retry_after: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info("QUEUE_FULL", rpc::ERROR_DOMAIN, HashMap::new());
    details.set_retry_info(Some(retry_after));
    Status::with_error_details(Code::ResourceExhausted, "no room", details)
}

/// What came until the end, or until the error.
async fn read(mut stream: Streaming<StreamGenerateTextResponse>) -> (Vec<Event>, Option<Status>) {
    let mut events = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(response)) => events.extend(response.event),
            Ok(None) => return (events, None),
            Err(status) => return (events, Some(status)),
        }
    }
}

#[tokio::test]
async fn releases_have_their_weight_of_the_calls() {
    let routes = "[[routes]]\nmodel = \"stub\"\n\
                  targets = [{ release = \"blue\", weight = 3 }, { release = \"green\" }]\n";
    let routed = Routed::new(&[Script::Greet, Script::Greet], routes).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(routed.answers().await);
    }
    assert_eq!(answers, ["blue", "blue", "green", "blue", "blue", "blue", "green", "blue"]);
}

#[tokio::test]
async fn routes_are_those_of_the_file_also_when_it_changes() {
    let to =
        |release: &str| format!("[[routes]]\nmodel = \"*\"\ntargets = [{{ release = \"{release}\" }}]\n");
    let routed = Routed::new(&[Script::Greet, Script::Greet], &to("blue")).await;
    assert_eq!(routed.answers().await, "blue");
    routed.rewrite(&to("nobody"));
    routed.rewrite(&to("green"));
    let changed = async { while routed.answers().await != "green" {} };
    timeout(Duration::from_secs(30), changed).await.unwrap();
}

#[tokio::test]
async fn a_release_that_is_not_there_is_passed_over() {
    let routes = "[[routes]]\nmodel = \"stub\"\n\
                  targets = [{ release = \"gone\", weight = 1000 }, { release = \"blue\" }]\n";
    let routed = Routed::new(&[Script::Greet], routes).await;
    for _ in 0..3 {
        assert_eq!(routed.answers().await, "blue");
    }
}

#[tokio::test]
async fn where_one_is_away_or_full_another_answers_and_says_so() {
    for status in [away(), full(Duration::from_secs(1))] {
        let routed = Routed::new(&[Script::Refuse(status), Script::Greet], STANDING_IN).await;
        let answer = routed.client().generate_text(keyed(ask())).await.unwrap();
        assert_eq!((told(&answer).as_str(), answer.get_ref().model.as_str()), ("green", "tiny"));
        let stream = routed.client().stream_generate_text(keyed(ask())).await.unwrap();
        assert_eq!(told(&stream), "green");
        let (events, status) = read(stream.into_inner()).await;
        let [Event::Started(started), Event::Token(_), Event::Finished(_)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((started.model.as_str(), status.map(|status| status.code())), ("tiny", None));
        let count = CountTokensRequest { model: "stub".into(), prompt: "a".into(), ..Default::default() };
        assert_eq!(told(&routed.client().count_tokens(keyed(count)).await.unwrap()), "green");
    }
}

#[tokio::test]
async fn other_doors_tell_who_answered_too() {
    let routed = Routed::new(&[Script::Refuse(away()), Script::Greet], STANDING_IN).await;
    let key = format!("Bearer {SECRET}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let whole = "{\"model\":\"stub\",\"prompt\":\"Once\"}";
    let streamed = "{\"model\":\"stub\",\"prompt\":\"Once\",\"stream\":true}";
    for (path, body) in [
        ("/v1/completions", whole),
        ("/v1/completions", streamed),
        ("/api/v1/models/stub:generateText", "{\"prompt\":\"Once\"}"),
    ] {
        let answer = plain::send(routed.address, "POST", path, &headers, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-ondol-release")),
            (200, "green"),
            "{path} {body}"
        );
    }
}

#[tokio::test]
async fn that_all_are_full_is_told_with_a_time_to_come_back() {
    let scripts = [Script::Refuse(full(Duration::from_secs(3))), Script::Refuse(away())];
    let routed = Routed::new(&scripts, STANDING_IN).await;
    let status = routed.client().generate_text(keyed(ask())).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::ResourceExhausted, "QUEUE_FULL".into()));
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn other_errors_are_answers() {
    for code in [Code::InvalidArgument, Code::NotFound, Code::Internal, Code::FailedPrecondition] {
        let refusing = Script::Refuse(Status::new(code, "no"));
        let routed = Routed::new(&[refusing, Script::Greet], STANDING_IN).await;
        let status = routed.client().generate_text(keyed(ask())).await.unwrap_err();
        assert_eq!(status.code(), code);
        let status = routed.client().stream_generate_text(keyed(ask())).await.unwrap_err();
        assert_eq!(status.code(), code);
        assert!(routed.releases[1].asked().is_empty());
    }
}

#[tokio::test]
async fn a_stream_that_has_only_started_goes_on_elsewhere() {
    let routed = Routed::new(&[Script::Stumble(away()), Script::Greet], STANDING_IN).await;
    let stream = routed.client().stream_generate_text(keyed(ask())).await.unwrap();
    assert_eq!(told(&stream), "green");
    let (events, _) = read(stream.into_inner()).await;
    let started: Vec<_> = events.iter().filter(|event| matches!(event, Event::Started(_))).collect();
    assert_eq!((started.len(), events.len()), (1, 3), "{events:?}");
}

#[tokio::test]
async fn nothing_is_tried_again_after_the_first_token() {
    let routed = Routed::new(&[Script::BreakOff(away()), Script::Greet], STANDING_IN).await;
    let stream = routed.client().stream_generate_text(keyed(ask())).await.unwrap();
    assert_eq!(told(&stream), "blue");
    let (events, status) = read(stream.into_inner()).await;
    assert_eq!((events.len(), status.map(|status| status.code())), (2, Some(Code::Unavailable)));
    assert!(routed.releases[1].asked().is_empty());
}

#[tokio::test]
async fn further_attempts_stay_within_their_budget() {
    let scripts = [Script::Refuse(full(Duration::ZERO)), Script::Greet];
    let routed = Routed::new(&scripts, STANDING_IN).await;
    let mut answered = 0;
    for _ in 0..100 {
        answered += u32::from(routed.client().generate_text(keyed(ask())).await.is_ok());
    }
    // A fifth of the calls, and the reserve of one a second for ten seconds; without a budget it would be all.
    assert!((25..=32).contains(&answered), "{answered}");
}

#[tokio::test]
async fn a_model_without_a_route_is_none() {
    let routes = "[[routes]]\nmodel = \"stub\"\ntargets = [{ release = \"blue\" }]\n";
    let routed = Routed::new(&[Script::Greet], routes).await;
    let status = routed.client().generate_text(keyed(ask_of("other"))).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::NotFound, "MODEL_NOT_FOUND".into()));
    let get = GetModelRequest { name: "models/other".into() };
    assert_eq!(routed.client().get_model(keyed(get)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn the_list_has_what_routes_lead_to_whoever_is_away() {
    let routes = "[[routes]]\nmodel = \"best\"\ntargets = [{ release = \"gone\" }]\n\
                  fallback = [{ release = \"blue\", model = \"stub\" }]\n\
                  [[routes]]\nmodel = \"lost\"\ntargets = [{ release = \"gone\" }]\n\
                  [[routes]]\nmodel = \"ot*\"\ntargets = [{ release = \"green\" }]\n";
    let routed = Routed::new(&[Script::Greet, Script::Greet], routes).await;
    let list = async |page_size, page_token: &str| {
        let request = ListModelsRequest { page_size, page_token: page_token.into() };
        let page = routed.client().list_models(keyed(request)).await.unwrap().into_inner();
        let models: Vec<_> = page.models.into_iter().map(|model| (model.name, model.id)).collect();
        (models, page.next_page_token)
    };
    let named = |id: &str| (format!("models/{id}"), id.to_owned());
    assert_eq!(list(0, "").await, (vec![named("best"), named("other")], String::new()));
    let (first, token) = list(1, "").await;
    assert_eq!((first, list(1, &token).await.0), (vec![named("best")], vec![named("other")]));
    let get = GetModelRequest { name: "models/best".into() };
    let model = routed.client().get_model(keyed(get)).await.unwrap();
    assert_eq!((told(&model).as_str(), model.get_ref().id.as_str()), ("blue", "best"));
}

#[tokio::test]
async fn keys_and_limits_are_about_the_model_that_was_named() {
    let routes = "[[routes]]\nmodel = \"best\"\ntargets = [{ release = \"blue\", model = \"stub\" }]\n\
                  [[routes]]\nmodel = \"*\"\ntargets = [{ release = \"blue\" }]\n";
    let keys = key_file("narrow", "models = [\"best\"]");
    let limits =
        limited::file("[models.best]\nrequests_per_day = 1\n[models.stub]\nrequests_per_day = 100\n");
    let (keys, limits) = (keys.path().to_str().unwrap(), limits.path().to_str().unwrap());
    let flags = ["--api-keys-file", keys, "--limits-file", limits];
    let routed = Routed::with(&[Script::Greet], routes, &flags).await;
    let status = routed.client().generate_text(by("narrow", ask_of("stub"))).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::PermissionDenied, "MODEL_FORBIDDEN".into()));
    let answer = routed.client().generate_text(by("narrow", ask_of("best"))).await.unwrap();
    assert_eq!(answer.get_ref().model, "stub");
    let status = routed.client().generate_text(by("narrow", ask_of("best"))).await.unwrap_err();
    assert_eq!(subjects(&status), ["model:best"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_at_the_start() {
    for (text, named) in [
        ("[releases.blue]\nurl = \"http://blue:1\"\n", ": routes: "),
        ("[releases.blue]\n", ", line 1: releases.blue.url: is missing"),
        (
            "[releases.blue]\nurl = \"https://blue:1\"\n[[routes]]\nmodel = \"*\"\ntargets = [{ release = \"blue\" }]\n",
            ", line 2: releases.blue.url: ",
        ),
    ] {
        let file = file(text);
        let flags = ["--routes", file.path().to_str().unwrap()];
        let error = api::start(line("http://127.0.0.1:0", &flags), Life::new()).await.unwrap_err();
        let named = format!("--routes {}{named}", file.path().display());
        assert!(error.to_string().starts_with(&named), "{error}");
    }
}

#[tokio::test]
async fn one_release_that_is_connected_is_enough_to_serve() {
    let routes = "[[routes]]\nmodel = \"*\"\ntargets = [{ release = \"gone\" }, { release = \"blue\" }]\n";
    let routed = Routed::new(&[Script::Greet], routes).await;
    let service = "ondol.inference.v1.InferenceService".to_owned();
    let mut health = HealthClient::new(channel(routed.address));
    let mut changes = health.watch(HealthCheckRequest { service }).await.unwrap().into_inner();
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
}

#[tokio::test]
async fn without_a_file_no_release_has_a_name() {
    let stand = Stand::start(Script::Greet).await;
    let answer = stand.client().generate_text(keyed(ask())).await.unwrap();
    assert_eq!(release(answer.metadata()), None);
}
