//! A panic is one call's end, not the server's.

use futures::{StreamExt, stream};
use tonic::{Code, Request};

use crate::harness::{Cluster, Echo, once, say, tell};

/// Panics where the request says.
fn fragile() -> Echo {
    Echo::new(|request: Request<String>| {
        assert!(request.get_ref() != "in the call", "a secret of the call");
        async move {
            assert!(request.get_ref() != "in the handler", "a secret of the handler");
            let wanted = request.into_inner();
            let rest = stream::once(async move {
                // So that the first message is on its way.
                tokio::task::yield_now().await;
                assert!(wanted != "in the stream", "a secret of the stream");
                Ok("second".to_owned())
            });
            Ok(once("first").chain(rest).boxed())
        }
    })
}

#[tokio::test(start_paused = true)]
async fn every_panic_is_internal_and_keeps_its_words_to_itself() {
    let logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    cluster.start(1, fragile()).await;
    let client = cluster.stranger(1);
    for place in ["in the call", "in the handler"] {
        let status = say(client.clone(), place.to_owned()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("secret"), "{status:?}");
    }
    let broken = tell(client.clone(), "in the stream".to_owned()).await.unwrap();
    let messages: Vec<_> = broken.collect().await;
    assert_eq!(messages[0].as_ref().unwrap(), "first");
    assert_eq!(messages[1].as_ref().unwrap_err().code(), Code::Internal);
    assert_eq!(logs.lines_with(&["a handler panicked", "a secret of the"]).len(), 3);

    let whole = tell(client, "nowhere".to_owned()).await.unwrap();
    assert_eq!(whole.count().await, 2);
}
