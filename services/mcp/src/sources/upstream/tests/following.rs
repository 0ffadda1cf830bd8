//! The task that follows a server.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use runtime::Life;

use super::{
    liar::{Asked, Liar},
    stand::{Stand, described},
};
use crate::Assembly;

#[tokio::test]
async fn a_server_that_is_away_is_there_once_it_answers() {
    let liar = Liar::new().await;
    let mut stand = Stand::new();
    let pins = stand.pins(liar.address, "tools = [\"echo\"]\n").await;
    let looks = AtomicUsize::new(0);
    liar.says(move |asked: &Asked| (looks.fetch_add(1, Ordering::SeqCst) == 0).then(|| asked.error(503, 0)));
    stand.read(&described(liar.address, &pins)).await;
    assert!(stand.names().is_empty(), "nobody waits for it");
    let life = Life::new();
    stand.assembly.begin(&life);
    stand.means.peers.changed().await;
    stand.shown.replace(stand.assembly.current());
    assert_eq!(stand.names(), ["up_echo"]);
    life.stop("the test is over");
}

#[tokio::test]
async fn a_server_that_nobody_names_any_more_is_told_goodbye() {
    let liar = Liar::old().await;
    let mut stand = Stand::new();
    let pins = stand.pins(liar.address, "tools = [\"echo\"]\n").await;
    stand.read(&described(liar.address, &pins)).await;
    let life = Life::new();
    stand.assembly.begin(&life);
    stand.means.peers.changed().await;
    let goodbyes = |liar: &Liar| liar.all_asked().iter().filter(|asked| asked.http == Method::DELETE).count();
    let before = goodbyes(&liar);
    assert_eq!(stand.metric("ondol_upstream_tool_changed{").len(), 1);
    stand.assembly = Assembly::default();
    stand.shown.replace(Vec::new());
    let mut heard = 0;
    while heard <= before {
        liar.heard(|asked| asked.http == Method::DELETE).await;
        heard = goodbyes(&liar);
        tokio::task::yield_now().await;
    }
    assert!(stand.metric("ondol_upstream_tool_changed{").is_empty());
    life.stop("the test is over");
}
