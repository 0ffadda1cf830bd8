//! Whether the models can be reached: while any release is connected.

use futures::{FutureExt, future::select_all};
use runtime::Life;
use tokio::sync::watch;

use crate::grpc::Dispatch;

/// Whether any release is connected, as that changes until `life` drains.
pub(crate) fn reachable(dispatch: &Dispatch, life: &Life) -> watch::Receiver<bool> {
    if let (Some(_), [only]) = (dispatch.only(), &dispatch.connected()[..]) {
        return only.clone();
    }
    let (told, reachable) = watch::channel(false);
    let (dispatch, draining) = (dispatch.clone(), life.draining());
    life.spawn("reachable", async move {
        tokio::select! {
            () = draining => {}
            () = follow(dispatch, told) => {}
        }
    });
    reachable
}

/// Tells it whenever a release, or which releases there are, has changed.
async fn follow(mut dispatch: Dispatch, told: watch::Sender<bool>) {
    loop {
        let mut releases = dispatch.connected();
        told.send_replace(is_any_connected(&mut releases));
        let changes = select_all(releases.iter_mut().map(|release| release.changed().boxed()));
        tokio::select! {
            changed = dispatch.changed() => if changed.is_err() { return },
            // A release that is gone is one of routes that are gone.
            (changed, ..) = changes => if changed.is_err() && dispatch.changed().await.is_err() { return },
        }
    }
}

/// Looks at every release, also behind one that is connected: what nobody has looked at counts as a change that is still
/// to be seen, and whoever waits for the next one would have it at once, again and again.
fn is_any_connected(releases: &mut [watch::Receiver<bool>]) -> bool {
    let mut any = false;
    for release in releases {
        any |= *release.borrow_and_update();
    }
    any
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::is_any_connected;

    #[test]
    fn what_was_looked_at_is_no_change_whichever_release_is_connected() {
        for connected in [[true, true], [true, false], [false, true]] {
            let channels = connected.map(|_| watch::channel(false));
            let mut releases = channels.each_ref().map(|(_, release)| release.clone());
            for ((told, _), connected) in channels.iter().zip(connected) {
                told.send_replace(connected);
            }
            assert!(is_any_connected(&mut releases), "{connected:?}");
            assert!(releases.iter().all(|release| !release.has_changed().unwrap()), "{connected:?}");
        }
    }
}
