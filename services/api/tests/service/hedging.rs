//! A call that is made a second time while the first is waited for.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

use crate::{
    routed::Routed,
    scripted::Script,
    stand::{ask, keyed},
};

fn routes(hedge: &str) -> String {
    format!(
        "[[routes]]\nmodel = \"*\"\n{hedge}targets = [{{ release = \"blue\" }}]\nfallback = [{{ release = \"green\" }}]\n"
    )
}

#[tokio::test]
async fn the_first_answer_counts_and_the_other_call_is_cancelled() {
    let (_never, wait) = watch::channel(false);
    let scripts = [Script::Wait(wait), Script::Greet];
    let routed = Routed::new(&scripts, &routes("hedge_after = \"20ms\"\n")).await;
    assert_eq!(routed.answers().await, "green");
    timeout(Duration::from_secs(30), routed.releases[0].abandoned()).await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_answered_in_time_is_made_once() {
    let routed = Routed::new(&[Script::Greet, Script::Greet], &routes("hedge_after = \"30s\"\n")).await;
    assert_eq!(routed.answers().await, "blue");
    assert!(routed.releases[1].asked().is_empty());
}

#[tokio::test]
async fn without_a_word_nothing_is_made_twice() {
    let (go, wait) = watch::channel(false);
    let routed = Routed::new(&[Script::Wait(wait), Script::Greet], &routes("")).await;
    let mut client = routed.client();
    let call = client.generate_text(keyed(ask()));
    let release = async {
        routed.releases[0].begun().await;
        go.send_replace(true);
    };
    let (answer, ()) = tokio::join!(call, release);
    assert_eq!(crate::routed::told(&answer.unwrap()), "blue");
    assert!(routed.releases[1].asked().is_empty());
}
