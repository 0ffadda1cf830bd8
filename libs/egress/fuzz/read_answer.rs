//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use std::time::{Duration, Instant};

use egress::{Egress, EgressOptions, Hosts, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Builder,
};

const LARGEST: usize = 64 * 1024;
const LONGEST: Duration = Duration::from_millis(500);

/// Has a server send `bytes` to whoever asks it.
pub fn read_answer(bytes: &[u8]) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let answer = runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::select! {
            answer = ask(&url) => answer,
            () = serve(listener, bytes) => None,
        }
    });
    assert!(answer.unwrap_or_default() <= LARGEST);
    assert!(begun.elapsed() < LONGEST * 8, "{:?}", begun.elapsed());
}

/// How large the answer is, if there is one.
async fn ask(url: &str) -> Option<usize> {
    let options = EgressOptions {
        private: vec!["127.0.0.0/8".parse().unwrap()],
        plain_http: true,
        max_bytes: LARGEST,
        timeout: LONGEST,
        stall_timeout: LONGEST,
        redirects: 3,
        ..EgressOptions::new(Hosts::only(["127.0.0.1:*".to_owned()]).unwrap())
    };
    let request = Request::new(http::Method::GET, url.parse().unwrap());
    let response = Egress::new(options).unwrap().send(request).await.ok()?;
    response.retry_after();
    Some(response.bytes().await.ok()?.len())
}

async fn serve(listener: TcpListener, bytes: &[u8]) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut asked = [0; 4096];
        let _ = stream.read(&mut asked).await;
        let _ = stream.write_all(bytes).await;
    }
}
