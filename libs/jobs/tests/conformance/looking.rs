//! What can be seen of a queue.

use std::{collections::BTreeSet, time::Duration};

use fault::Fault;
use jobs::{Beat, Event, Filter, Happening, JobId, Limits, State};

use super::subject::{LEASE, PATIENCE, Subject, failed, job, name};

async fn all(subject: &Subject, filter: &Filter, size: u32) -> Vec<JobId> {
    let (mut ids, mut token) = (Vec::new(), None);
    loop {
        let page = subject.queue.list(filter, size, token.as_deref()).await.unwrap();
        assert!(page.jobs.len() <= size as usize);
        ids.extend(page.jobs.iter().map(|job| job.id));
        token = page.next;
        if token.is_none() {
            return ids;
        }
    }
}

pub async fn a_list_has_every_job_once_by_filter(subject: &Subject) {
    let mut jobs: Vec<_> = (0..20).map(|_| job("a", "first")).collect();
    jobs.extend((0..7).map(|_| job("b", "first")));
    jobs.extend((0..9).map(|_| job("a", "second")));
    for answer in subject.queue.enqueue(jobs).await {
        answer.unwrap();
    }
    let dead = subject.claim("b", 3).await;
    for claimed in &dead {
        subject.finish(&claimed.ticket, failed(false)).await;
    }
    let running = subject.claim("b", 2).await;
    let filter = |tenant: Option<&str>, state, kind: Option<&str>| Filter {
        tenant: tenant.map(name),
        state,
        kind: kind.map(name),
        originals: false,
    };
    for size in [1, 4, 100] {
        for (filter, count) in [
            (filter(None, None, None), 36),
            (filter(Some("first"), None, None), 27),
            (filter(Some("first"), None, Some("a")), 20),
            (filter(Some("second"), Some(State::Ready), None), 9),
            (filter(None, Some(State::Dead), None), dead.len()),
            (filter(Some("first"), Some(State::Dead), Some("b")), dead.len()),
            (filter(Some("second"), Some(State::Dead), None), 0),
            (filter(None, Some(State::Running), None), running.len()),
            (filter(Some("first"), Some(State::Running), Some("a")), 0),
            (filter(None, Some(State::Done), None), 0),
            (filter(Some("nobody"), None, None), 0),
        ] {
            let ids = all(subject, &filter, size).await;
            let distinct: BTreeSet<_> = ids.iter().collect();
            assert_eq!((ids.len(), distinct.len()), (count, count), "{filter:?} by {size}");
        }
    }
    let first = subject.add(job("c", "first")).await;
    let second = subject.add(job("c", "first")).await;
    let newest = all(subject, &filter(Some("first"), None, Some("c")), 10).await;
    assert_eq!(newest.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&first, &second]));
}

pub async fn a_page_token_is_for_its_list(subject: &Subject) {
    for _ in 0..5 {
        subject.add(job("kind", "tenant")).await;
    }
    let filter = Filter { tenant: Some(name("tenant")), ..Filter::default() };
    let page = subject.queue.list(&filter, 2, None).await.unwrap();
    // The last job of the page goes, and the next page is still the rest.
    let last = page.jobs[1].id;
    subject.queue.cancel(last).await.unwrap();
    subject.queue.delete(last).await.unwrap();
    let rest = subject.queue.list(&filter, 10, page.next.as_deref()).await.unwrap();
    assert_eq!(rest.jobs.len(), 3);
    for wrong in ["", "x", "0 conf 1 a", "0 j:x 1 a", "9999 all 1 a b"] {
        let error = subject.queue.list(&filter, 2, Some(wrong)).await.unwrap_err();
        assert_eq!(error.violations()[0].field, "page_token", "{wrong}");
    }
    let error = subject.queue.list(&filter, 0, None).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "page_size");
}

fn entered(event: &Event) -> Option<State> {
    match event.happening {
        Happening::Entered(state) => Some(state),
        _ => None,
    }
}

pub async fn events_are_numbered_and_can_be_resumed(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let first = subject.queue.events(id, 0, Duration::ZERO).await.unwrap();
    assert_eq!((first.events.len(), first.missed, first.is_end), (1, 0, false));
    assert_eq!(entered(&first.events[0]), Some(State::Ready));

    let claimed = subject.claim_one("kind").await;
    for part in ["one", "two"] {
        let beat = Beat { ticket: claimed.ticket.clone(), progress: Some(part.as_bytes().to_vec()) };
        subject.queue.beat(vec![beat], LEASE).await.unwrap();
    }
    subject.queue.cancel(id).await.unwrap();
    subject.finish_well(&claimed.ticket).await;
    let rest = subject.queue.events(id, 1, Duration::ZERO).await.unwrap();
    assert_eq!(rest.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    let progress = |text: &str| Happening::Progress(text.as_bytes().to_vec());
    let happenings: Vec<_> = rest.events.iter().map(|event| event.happening.clone()).collect();
    assert_eq!(
        happenings,
        [
            Happening::Entered(State::Running),
            progress("one"),
            progress("two"),
            Happening::CancelRequested,
            Happening::Entered(State::Done),
        ]
    );
    assert!(rest.is_end);
    let resumed = subject.queue.events(id, 4, Duration::ZERO).await.unwrap();
    assert_eq!(resumed.events, rest.events[3..]);
    assert_eq!(subject.queue.get(id).await.unwrap().progress, Some(b"two".to_vec()));
    // Whoever claims to have seen more than there is has missed nothing.
    for all in [6, 7, u64::MAX] {
        let over = subject.queue.events(id, all, PATIENCE).await.unwrap();
        assert_eq!((over.events.len(), over.missed, over.is_end), (0, 0, true), "{all}");
    }
}

pub async fn who_falls_behind_is_told_how_far(subject: &Subject) {
    subject.queue.set_limits(&Limits { events_kept: 4, ..Limits::default() }).await.unwrap();
    let id = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    for part in 0..10_u8 {
        let beat = Beat { ticket: claimed.ticket.clone(), progress: Some(vec![part]) };
        subject.queue.beat(vec![beat], LEASE).await.unwrap();
    }
    let late = subject.queue.events(id, 2, Duration::ZERO).await.unwrap();
    // Eleven events: that it runs, and ten times progress.
    assert_eq!(late.missed, 5);
    assert_eq!(late.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [8, 9, 10, 11]);
    let in_time = subject.queue.events(id, 9, Duration::ZERO).await.unwrap();
    assert_eq!((in_time.missed, in_time.events.len()), (0, 2));
}

pub async fn who_watches_late_learns_the_state_first(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    let beat = Beat { ticket: claimed.ticket, progress: Some(b"half".to_vec()) };
    subject.queue.beat(vec![beat], LEASE).await.unwrap();
    let seen = subject.queue.events(id, 0, Duration::ZERO).await.unwrap();
    let happenings: Vec<_> = seen.events.into_iter().map(|event| event.happening).collect();
    assert_eq!(happenings, [Happening::Entered(State::Running), Happening::Progress(b"half".to_vec())]);
}

pub async fn a_watcher_hears_of_an_end_at_once(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let seen = subject.queue.events(id, 0, Duration::ZERO).await.unwrap().events.len() as u64;
    let claimed = subject.claim_one("kind").await;
    let begin = std::time::Instant::now();
    let (heard, ()) =
        tokio::join!(subject.queue.events(id, seen + 1, PATIENCE), subject.finish_well(&claimed.ticket));
    let heard = heard.unwrap();
    assert_eq!(entered(&heard.events[0]), Some(State::Done));
    assert!(heard.is_end && begin.elapsed() < PATIENCE / 2);
}

pub async fn the_counts_follow_the_jobs(subject: &Subject) {
    for _ in 0..4 {
        subject.add(job("kind", "tenant")).await;
    }
    let mut later = job("kind", "tenant");
    later.delay = Duration::from_hours(1);
    subject.add(later).await;
    subject.lose_one("kind").await;
    let running = subject.claim("kind", 2).await;
    subject.finish(&running[0].ticket, failed(false)).await;
    super::subject::eventually(async || subject.queue.stats().await.unwrap().total().oldest > Duration::ZERO)
        .await;
    let stats = subject.queue.stats().await.unwrap();
    let kind = &stats.kinds[&name("kind")];
    assert_eq!((kind.ready, kind.running, kind.delayed, kind.dead), (2, 1, 1, 1));
    assert_eq!((kind.attempts, kind.recoveries, kind.zombies), (3, 1, 0));
    assert!(kind.oldest < PATIENCE && !kind.paused && !stats.paused);
}

pub async fn two_queues_do_not_see_each_other(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    assert!(subject.other.get(id).await.is_err());
    assert!(subject.other.stats().await.unwrap().kinds.is_empty());
}
