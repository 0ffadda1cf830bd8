//! Callers who come at a rate that changes, without a pause in between: what becomes of those of each phase, and of its first
//! second.

use std::{collections::BTreeMap, future::Future, str::FromStr, time::Duration};

use serde_json::{Value, json};

use super::{
    super::super::{
        paced::{Ended, each_at_times, evenly},
        tools::{micros, within},
    },
    call::{Seen, Trouble},
};

/// A rate, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Phase {
    pub(super) rate: f64,
    pub(super) length: Duration,
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rate, length) = text.split_once(':').ok_or("expected CALLS:TIME, such as 4480:2m")?;
        let rate: f64 = rate.parse().map_err(|error| format!("{rate}: {error}"))?;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("{rate}: expected calls a second"));
        }
        Ok(Self { rate, length: arguments::positive_duration(length)? })
    }
}

/// What became of some calls.
#[derive(Debug, Default)]
struct Window {
    good: Vec<Duration>,
    refused: Vec<Duration>,
    reasons: BTreeMap<String, usize>,
    without_hint: usize,
    failed: usize,
    error: Option<String>,
    late: Vec<Duration>,
}

impl Window {
    fn see(&mut self, ended: &Ended<Result<Seen, Trouble>>) {
        self.late.push(ended.late);
        match &ended.answer {
            Ok(_) => self.good.push(ended.took),
            Err(Trouble { refusal: Some(refusal), .. }) => {
                self.refused.push(ended.took);
                *self.reasons.entry(refusal.reason.clone()).or_default() += 1;
                self.without_hint += usize::from(!refusal.has_hint);
            }
            Err(Trouble { said, .. }) => {
                self.failed += 1;
                self.error.get_or_insert_with(|| said.clone());
            }
        }
    }

    /// Times in microseconds.
    fn told(&self) -> Value {
        let at = |times: &[Duration], share: f64| micros(within(times, share));
        json!({
            "calls": self.late.len(),
            "good": self.good.len(),
            "p50": at(&self.good, 0.5),
            "p99": at(&self.good, 0.99),
            "refused": self.refused.len(),
            "refused_p50": at(&self.refused, 0.5),
            "refused_p99": at(&self.refused, 0.99),
            "reasons": self.reasons,
            "without_hint": self.without_hint,
            "failed": self.failed,
            "error": self.error,
            "late_p99": at(&self.late, 0.99),
        })
    }
}

/// The calls of a phase.
struct Seconds {
    phase: Phase,
    /// The first call of the phase, and the first one after its first second.
    first: usize,
    second: usize,
    all: Window,
    first_second: Window,
    /// When the last call was due that was refused or failed, from the beginning of the phase.
    last_lost: Option<Duration>,
}

/// Makes the calls, and tells of each phase.
pub(super) async fn told<F>(phases: &[Phase], call: impl Fn(usize) -> F) -> anyhow::Result<Value>
where
    F: Future<Output = anyhow::Result<Result<Seen, Trouble>>> + Send + 'static,
{
    let (mut times, mut begin, mut seconds) = (Vec::new(), Duration::ZERO, Vec::new());
    for phase in phases {
        let first = times.len();
        let due = evenly(phase.rate, phase.length);
        let second = first + due.partition_point(|time| *time < Duration::from_secs(1));
        times.extend(due.into_iter().map(|time| begin + time));
        begin += phase.length;
        let (all, first_second) = (Window::default(), Window::default());
        seconds.push(Seconds { phase: *phase, first, second, all, first_second, last_lost: None });
    }
    each_at_times(times, call, |ended| see(&mut seconds, &ended)).await?;
    let told = seconds.iter().map(|it| {
        json!({
            "rate": it.phase.rate,
            "seconds": it.phase.length.as_secs_f64(),
            "all": it.all.told(),
            "first_second": it.first_second.told(),
            "last_lost": it.last_lost.map(micros),
        })
    });
    Ok(json!({ "phases": told.collect::<Vec<_>>() }))
}

fn see(seconds: &mut [Seconds], ended: &Ended<Result<Seen, Trouble>>) {
    let Some(it) = seconds.iter_mut().rfind(|it| it.first <= ended.number) else { return };
    it.all.see(ended);
    if ended.answer.is_err() {
        let due = Duration::from_secs_f64((ended.number - it.first) as f64 / it.phase.rate);
        it.last_lost = it.last_lost.max(Some(due));
    }
    if ended.number < it.second {
        it.first_second.see(ended);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::{
        super::call::{Refusal, Seen, Trouble},
        Phase, told,
    };

    #[test]
    fn a_phase_is_written_as_a_rate_and_a_time() {
        let phase: Phase = "4480:2m".parse().unwrap();
        assert_eq!(phase, Phase { rate: 4480.0, length: Duration::from_mins(2) });
        for wrong in ["", "4480", "x:2m", "0:2m", "-1:2m", "inf:2m", "10:", "10:0s"] {
            wrong.parse::<Phase>().unwrap_err();
        }
    }

    #[tokio::test]
    async fn every_phase_is_told_by_itself_and_so_is_its_first_second() {
        let phase = |rate, ms| Phase { rate, length: Duration::from_millis(ms) };
        let phases = [phase(1_000.0, 20), phase(10_000.0, 10), phase(40.0, 1_050)];
        let told = told(&phases, |number| async move {
            let refusal = |has_hint| Some(Refusal { reason: "BUSY".into(), has_hint });
            Ok(match number {
                20..22 => Err(Trouble { said: "broken".into(), refusal: None }),
                22..120 => Err(Trouble { said: "busy".into(), refusal: refusal(number % 2 == 0) }),
                _ => Ok(Seen::default()),
            })
        });
        let told = told.await.unwrap();
        let count =
            |phase: usize, which: &str, what: &str| told["phases"][phase][which][what].as_u64().unwrap();
        assert_eq!((count(0, "all", "calls"), count(0, "all", "good")), (20, 20));
        assert_eq!((count(1, "all", "refused"), count(1, "all", "failed")), (98, 2));
        assert_eq!(
            (count(1, "all", "without_hint"), &told["phases"][1]["all"]["error"]),
            (49, &"broken".into())
        );
        assert_eq!(told["phases"][1]["all"]["reasons"]["BUSY"], 98);
        assert_eq!(
            (&told["phases"][1]["last_lost"], &told["phases"][2]["last_lost"]),
            (&9_900.0.into(), &Value::Null)
        );
        assert_eq!((count(2, "all", "good"), count(2, "first_second", "good")), (42, 40));
    }
}
