//! Bounds of a key, as they are typed: `requests_per_minute=60`.

use accounts::Limits;
use anyhow::ensure;
use proto::admin::v1::ApiKeyLimits;

/// One bound of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    name: &'static str,
    of: Of,
    most: u64,
}

type Of = fn(&mut ApiKeyLimits) -> &mut Option<u64>;

const BOUNDS: [(&str, Of); 7] = [
    ("requests_per_minute", |limits| &mut limits.requests_per_minute),
    ("tokens_per_minute", |limits| &mut limits.tokens_per_minute),
    ("requests_per_day", |limits| &mut limits.requests_per_day),
    ("tokens_per_day", |limits| &mut limits.tokens_per_day),
    ("requests_per_month", |limits| &mut limits.requests_per_month),
    ("tokens_per_month", |limits| &mut limits.tokens_per_month),
    ("concurrency", |limits| &mut limits.concurrency),
];

/// Reads one.
pub(super) fn bound(text: &str) -> Result<Bound, String> {
    let (name, most) = text.split_once('=').ok_or("expected NAME=NUMBER, such as tokens_per_day=100000")?;
    let known = BOUNDS.iter().find(|(known, _)| *known == name);
    let (name, of) = known.ok_or_else(|| {
        let names: Vec<_> = BOUNDS.iter().map(|(name, _)| *name).collect();
        format!("{name:?} is none; expected one of {}", names.join(", "))
    })?;
    let most = most.parse().map_err(|_| format!("{most:?} is no number"))?;
    let mut alone = ApiKeyLimits::default();
    *of(&mut alone) = Some(most);
    match kept(&alone).violations().into_iter().next() {
        Some(wrong) => Err(wrong.description),
        None => Ok(Bound { name, of: *of, most }),
    }
}

/// All of them, or none where none was typed. Of one that was typed twice, nobody could say which is meant.
pub(super) fn limits(bounds: &[Bound]) -> anyhow::Result<Option<ApiKeyLimits>> {
    let mut limits = ApiKeyLimits::default();
    for Bound { name, of, most } in bounds {
        let before = of(&mut limits).replace(*most);
        ensure!(before.is_none(), "--limit {name}: it is given more than once");
    }
    Ok((!bounds.is_empty()).then_some(limits))
}

/// Bounds as they are kept.
pub(super) fn kept(limits: &ApiKeyLimits) -> Limits {
    Limits {
        requests_per_minute: limits.requests_per_minute,
        tokens_per_minute: limits.tokens_per_minute,
        requests_per_day: limits.requests_per_day,
        tokens_per_day: limits.tokens_per_day,
        requests_per_month: limits.requests_per_month,
        tokens_per_month: limits.tokens_per_month,
        concurrency: limits.concurrency,
    }
}

/// What is bounded, in the words in which it is typed.
pub(super) fn words(limits: &ApiKeyLimits) -> String {
    let mut limits = *limits;
    let each = BOUNDS.iter().filter_map(|(name, of)| Some(format!("{name}={}", (*of(&mut limits))?)));
    each.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proto::admin::v1::ApiKeyLimits;

    use super::{BOUNDS, bound, limits, words};

    #[test]
    fn every_bound_of_the_contract_can_be_typed_and_is_shown_so() {
        let typed: Vec<_> =
            BOUNDS.iter().zip(1..).map(|((name, _), most): (_, u64)| format!("{name}={most}")).collect();
        let read: Vec<_> = typed.iter().map(|text| bound(text).unwrap()).collect();
        let all = ApiKeyLimits {
            requests_per_minute: Some(1),
            tokens_per_minute: Some(2),
            requests_per_day: Some(3),
            tokens_per_day: Some(4),
            requests_per_month: Some(5),
            tokens_per_month: Some(6),
            concurrency: Some(7),
        };
        assert_eq!(limits(&read).unwrap(), Some(all));
        assert_eq!(words(&all), typed.join(","));
        assert_eq!(limits(&[]).unwrap(), None);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, said) in [
            ("concurrency", "NAME=NUMBER"),
            ("tokens=3", "tokens_per_day"),
            ("concurrency=-1", "no number"),
            ("concurrency=", "no number"),
            ("concurrency=0", "expected 1 to "),
            ("tokens_per_day=100000000001", "expected 1 to 100000000000"),
        ] {
            assert!(bound(text).unwrap_err().contains(said), "{text}");
        }
    }
}
