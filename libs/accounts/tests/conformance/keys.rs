//! Keys: made, found, listed, ended.

use std::time::Duration;

use accounts::{Grants, KeyStore, Limits, NewKey};
use fault::{Fault, Kind};
use jiff::Timestamp;

use super::subject::Subject;

fn of(owner: &str) -> NewKey {
    NewKey { owner: owner.to_owned(), ..NewKey::default() }
}

fn digest(secret: &accounts::Secret) -> [u8; 32] {
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&secret.sha256()[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

pub async fn a_key_is_found_by_its_secret_which_is_kept_nowhere(subject: &Subject) {
    let new = NewKey {
        owner: "team-a".to_owned(),
        note: "the batch machine, \"새벽\"".to_owned(),
        grants: Grants::from_line("scopes=admin;models=qwen*;tools=;jobs=batch"),
        limits: Limits { tokens_per_day: Some(100_000_000_000), ..Limits::default() },
        expires: Some(Timestamp::now() + Duration::from_hours(1)),
    };
    let (key, secret) = subject.keys.create(new.clone()).await.unwrap();
    assert_eq!((&key.owner, &key.note), (&new.owner, &new.note));
    assert_eq!((&key.grants, key.limits, key.revoked), (&new.grants, new.limits, None));
    assert!(secret.as_str().starts_with(key.hint.trim_end_matches('…')));
    for keys in [&subject.keys, &subject.other_keys] {
        assert_eq!(keys.get(&key.id).await.unwrap(), key);
        assert_eq!(keys.find(&digest(&secret)).await.unwrap().unwrap(), key);
        assert_eq!(keys.find(&[7; 32]).await.unwrap(), None);
    }
    assert!(!format!("{key:?}").contains(secret.as_str()));
    // One owner may have several keys.
    let (second, other) = subject.keys.create(new).await.unwrap();
    assert!(second.id > key.id && other.as_str() != secret.as_str());
}

pub async fn bad_fields_are_refused_by_name(subject: &Subject) {
    let past = NewKey { expires: Some(Timestamp::now() - Duration::from_secs(1)), ..of("a") };
    let limits = Limits { concurrency: Some(0), ..Limits::default() };
    let wrong =
        [(of("a b"), "owner"), (past, "expires"), (NewKey { limits, ..of("a") }, "limits.concurrency")];
    for (new, field) in wrong {
        let error = subject.keys.create(new).await.unwrap_err();
        assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::InvalidArgument, field));
    }
    for (size, token, field) in
        [(0, None, "page_size"), (1_001, None, "page_size"), (1, Some("x"), "page_token")]
    {
        let error = subject.keys.list(None, size, token).await.unwrap_err();
        assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::InvalidArgument, field));
    }
}

async fn all(keys: &dyn KeyStore, owner: Option<&str>, size: u32) -> Vec<String> {
    let (mut ids, mut token) = (Vec::new(), None);
    loop {
        let page = keys.list(owner, size, token.as_deref()).await.unwrap();
        assert!(page.keys.len() <= size as usize);
        ids.extend(page.keys.into_iter().map(|key| key.id));
        token = page.next;
        if token.is_none() {
            return ids;
        }
    }
}

pub async fn a_list_has_every_key_once_by_owner(subject: &Subject) {
    assert!(all(&*subject.keys, None, 10).await.is_empty());
    let mut made = Vec::new();
    for number in 0..7 {
        made.push(subject.keys.create(of(["a", "b"][number % 2])).await.unwrap().0.id);
    }
    for size in [1, 3, 7, 1_000] {
        assert_eq!(all(&*subject.keys, None, size).await, made);
        let own: Vec<_> = made.iter().step_by(2).cloned().collect();
        assert_eq!(all(&*subject.other_keys, Some("a"), size).await, own);
    }
    assert!(all(&*subject.keys, Some("c"), 10).await.is_empty());
}

pub async fn a_revoked_key_is_revoked_wherever_it_is_asked_for(subject: &Subject) {
    let (key, secret) = subject.keys.create(of("a")).await.unwrap();
    let (twin, _) = subject.keys.create(of("a")).await.unwrap();
    let revoked = subject.keys.revoke(&key.id).await.unwrap();
    assert!(revoked.revoked.is_some());
    assert_eq!(subject.other_keys.find(&digest(&secret)).await.unwrap().unwrap(), revoked);
    assert_eq!(subject.other_keys.revoke(&key.id).await.unwrap(), revoked, "the first time counts");
    assert_eq!(subject.other_keys.get(&twin.id).await.unwrap().revoked, None);
    assert_eq!(all(&*subject.keys, Some("a"), 10).await.len(), 2, "it can still be looked at");
}

pub async fn other_ids_are_those_of_no_key(subject: &Subject) {
    for id in ["", "x", "{test}:ids", &"0".repeat(32), &"0".repeat(5_000)] {
        for error in [subject.keys.get(id).await.unwrap_err(), subject.keys.revoke(id).await.unwrap_err()] {
            assert_eq!(error.kind(), Kind::NotFound, "{id}");
            assert!(error.public_message().len() < 200);
        }
    }
}
