//! The calls of callers and operators: look, change, list, bound, schedule, count.

use super::{RedisQueue, reply};
use crate::{
    Cancellation, Filter, Job, JobId, JobsError, KindStats, Limits, Name, Page, Schedule, Scope, State,
    Stats, TenantLimits,
    listing::{bad_token, check_size},
    wire::decode_body,
};

/// Jobs that one list call looks at.
const LOOK: u32 = 1_000;

impl RedisQueue {
    pub(super) async fn read_job(&self, id: JobId) -> Result<Job, JobsError> {
        let server = self.server();
        let answer = server.run(&server.scripts.read, server.home(id)?, |command| {
            command.arg(id.stored());
        });
        let [fields, body, _now] = reply::parts(answer.await?, "a job")?;
        let fields = reply::Fields::new(fields)?;
        if fields.is_empty() {
            return Err(JobsError::NotFound { id });
        }
        let mut job = fields.job(id)?;
        let body = reply::bytes(body, "a job's payload")?;
        if !body.is_empty() {
            let (payload, headers) = decode_body(&body)?;
            (job.payload, job.headers) = (Some(payload), headers);
        }
        Ok(job)
    }

    /// What the job was, and what came of the change.
    async fn change(&self, id: JobId, what: &'static str) -> Result<(State, String), JobsError> {
        let server = self.server();
        let answer = server.run(&server.scripts.change, server.home(id)?, |command| {
            command.arg(what).arg(id.stored());
        });
        let expected = "the answer to a change";
        let [state, came] = reply::parts(answer.await?, expected)?;
        let state = reply::text(state, expected)?;
        if state.is_empty() {
            return Err(JobsError::NotFound { id });
        }
        let state = State::parse(&state).ok_or(JobsError::Corrupt { what: expected })?;
        Ok((state, reply::text(came, expected)?))
    }

    pub(super) async fn cancel_job(&self, id: JobId) -> Result<Cancellation, JobsError> {
        let (state, came) = self.change(id, "cancel").await?;
        Ok(match came.as_str() {
            "yes" => Cancellation::Cancelled,
            "asked" => Cancellation::Requested,
            _ => Cancellation::Ended(state),
        })
    }

    pub(super) async fn change_ended(
        &self,
        id: JobId,
        what: &'static str,
        action: &'static str,
    ) -> Result<(), JobsError> {
        let (state, came) = self.change(id, what).await?;
        if came == "yes" { Ok(()) } else { Err(JobsError::WrongState { id, state, action }) }
    }

    /// A token is `shard index score id`: where the last page ended.
    pub(super) async fn list_page(
        &self,
        filter: &Filter,
        size: u32,
        token: Option<&str>,
    ) -> Result<Page, JobsError> {
        check_size(size)?;
        let server = self.server();
        let home = filter.tenant.as_ref().map(|tenant| server.shard_of(tenant));
        let (shard, place) = match token {
            None => (home.unwrap_or(0), ["", "", ""]),
            Some(token) => parse_token(token).ok_or_else(bad_token)?,
        };
        if home.is_some_and(|home| home != shard) {
            return Err(bad_token());
        }
        let words = [
            filter.tenant.as_ref().map_or("", Name::as_str),
            filter.state.map_or("", State::word),
            filter.kind.as_ref().map_or("", Name::as_str),
        ];
        let answer = server.run(&server.scripts.list, shard, |command| {
            command.arg(&words).arg(u8::from(filter.originals)).arg(size).arg(LOOK.max(size)).arg(&place);
        });
        let what = "a list of jobs";
        let [index, score, last, jobs] = reply::parts(answer.await?, what)?;
        let last = reply::text(last, what)?;
        let next = if !last.is_empty() {
            Some(format!("{shard} {} {} {last}", reply::text(index, what)?, reply::text(score, what)?))
        } else if home.is_none() && u16::from(shard) + 1 < server.shards() {
            Some(format!("{}   ", shard + 1))
        } else {
            None
        };
        let read = |job| {
            let [id, fields] = reply::parts(job, what)?;
            reply::Fields::new(fields)?.job(reply::id(id, shard)?)
        };
        let jobs = reply::array(jobs, what)?.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { jobs, next })
    }

    pub(super) async fn configure_pause(&self, scope: Scope, paused: bool) -> Result<(), JobsError> {
        let field = match scope {
            Scope::Queue => "paused".to_owned(),
            Scope::Kind(kind) => format!("paused:{kind}"),
        };
        self.configure(&[(field, if paused { "1".to_owned() } else { String::new() })]).await
    }

    pub(super) async fn configure_limits(&self, limits: &Limits) -> Result<(), JobsError> {
        limits.check()?;
        let shards = u64::from(self.server().shards());
        let part = |whole: u64| if whole == 0 { "0".to_owned() } else { (whole / shards).max(1).to_string() };
        let text = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let kept = |time: std::time::Duration| time.as_millis().to_string();
        let mut fields = vec![
            ("depth".to_owned(), part(limits.depth)),
            ("tenant_depth".to_owned(), text(limits.tenant_depth)),
            ("running".to_owned(), limits.running.map(part).unwrap_or_default()),
            ("cap".to_owned(), text(limits.tenant_running)),
            ("recoveries".to_owned(), limits.recoveries.to_string()),
            ("done_kept".to_owned(), kept(limits.done_kept)),
            ("dead_kept".to_owned(), kept(limits.dead_kept)),
            ("keys".to_owned(), kept(limits.keys_kept)),
            ("events".to_owned(), limits.events_kept.to_string()),
        ];
        if limits.tenant_running.is_some() {
            fields.push(("capped".to_owned(), "1".to_owned()));
        }
        // Kinds that had a cap and have none now are those that the script finds and this list does not name.
        fields.push(("running:*".to_owned(), String::new()));
        fields.extend(limits.kind_running.iter().map(|(kind, cap)| (format!("running:{kind}"), part(*cap))));
        self.configure(&fields).await
    }

    pub(super) async fn configure_tenant(
        &self,
        tenant: &Name,
        limits: Option<TenantLimits>,
    ) -> Result<(), JobsError> {
        limits.map_or(Ok(()), TenantLimits::check)?;
        let cap = limits.and_then(|limits| limits.running);
        self.configure(&[
            ("capped".to_owned(), "1".to_owned()),
            (format!("cap:{tenant}"), cap.map(|cap| cap.to_string()).unwrap_or_default()),
            (format!("weight:{tenant}"), limits.map(|limits| limits.weight.to_string()).unwrap_or_default()),
        ])
        .await
    }

    async fn configure(&self, fields: &[(String, String)]) -> Result<(), JobsError> {
        let server = self.server();
        for shard in self.shards() {
            let set = server.run(&server.scripts.configure, shard, |command| {
                command.arg(fields);
            });
            set.await?;
        }
        Ok(())
    }

    pub(super) async fn write_schedule(&self, schedule: &Schedule) -> Result<(), JobsError> {
        schedule.check()?;
        let server = self.server();
        let shard = server.shard_of(&schedule.tenant);
        // A schedule moves with its tenant, and must not stay behind in another shard.
        for other in self.shards().filter(|other| *other != shard) {
            self.forget_schedule(other, &schedule.name).await?;
        }
        let now = server.run(&server.scripts.schedules, shard, |command| {
            command.arg("now");
        });
        let next = schedule.after(reply::number(&now.await?, "the time")?)?;
        let put = server.run(&server.scripts.schedules, shard, |command| {
            command.arg("put").arg(schedule.name.as_str());
            match next {
                Some(next) => command.arg(next),
                None => command.arg(""),
            };
            command.arg(schedule.encode());
        });
        put.await.map(drop)
    }

    pub(super) async fn remove_schedule(&self, name: &Name) -> Result<(), JobsError> {
        let mut removed = 0;
        for shard in self.shards() {
            removed += self.forget_schedule(shard, name).await?;
        }
        if removed > 0 { Ok(()) } else { Err(JobsError::NoSchedule { name: name.to_string() }) }
    }

    async fn forget_schedule(&self, shard: u8, name: &Name) -> Result<u64, JobsError> {
        let server = self.server();
        let answer = server.run(&server.scripts.schedules, shard, |command| {
            command.arg("delete").arg(name.as_str());
        });
        reply::tally(&answer.await?, "the answer to a removal")
    }

    pub(super) async fn read_schedules(&self) -> Result<Vec<Schedule>, JobsError> {
        let what = "the schedules";
        let server = self.server();
        let mut schedules = Vec::new();
        for shard in self.shards() {
            let answer = server.run(&server.scripts.schedules, shard, |command| {
                command.arg("list");
            });
            let mut listed = reply::array(answer.await?, what)?.into_iter();
            while let (Some(name), Some(text)) = (listed.next(), listed.next()) {
                schedules.push(Schedule::decode(&reply::text(name, what)?, &reply::bytes(text, what)?)?);
            }
        }
        schedules.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(schedules)
    }

    pub(super) async fn read_stats(&self) -> Result<Stats, JobsError> {
        let what = "the counts";
        let server = self.server();
        let mut stats = Stats::default();
        for shard in self.shards() {
            let answer = server.run(&server.scripts.stats, shard, |_command| ());
            let [now, paused, counted, kinds] = reply::parts(answer.await?, what)?;
            stats.paused |= reply::number(&paused, what)? == 1;
            let now = reply::number(&now, what)?;
            let counted = reply::Fields::new(counted)?;
            let mut kinds = reply::array(kinds, what)?.into_iter();
            while let (Some(kind), Some(paused), Some(head)) = (kinds.next(), kinds.next(), kinds.next()) {
                let kind = reply::text(kind, what)?;
                let mut found = counts_of(&kind, &counted);
                found.paused = reply::number(&paused, what)? == 1;
                found.oldest = match reply::number(&head, what)? {
                    0 => std::time::Duration::ZERO,
                    born => reply::span(born, now),
                };
                let sum = stats.kinds.entry(Name::new("kind", &kind)?).or_default();
                *sum = sum.and(&found);
            }
        }
        Ok(stats)
    }
}

fn counts_of(kind: &str, counted: &reply::Fields) -> KindStats {
    let mut stats = KindStats::default();
    for (field, count) in counted.iter() {
        let Some((what, of)) = field.split_once(':').filter(|(_, of)| *of == kind) else { continue };
        debug_assert_eq!(of, kind);
        let count = u64::try_from(count).unwrap_or_default();
        match what {
            "waiting" => stats.ready = count,
            "running" => stats.running = count,
            "delayed" => stats.delayed = count,
            "dead" => stats.dead = count,
            "attempts" => stats.attempts = count,
            "recoveries" => stats.recoveries = count,
            "zombies" => stats.zombies = count,
            _ => {}
        }
    }
    stats
}

fn parse_token(token: &str) -> Option<(u8, [&str; 3])> {
    let mut words = token.split(' ');
    let shard = words.next()?.parse().ok()?;
    let place = [words.next()?, words.next()?, words.next()?];
    // Only indexes can be read, whatever a caller makes up.
    let known =
        ["", "all", "lease", "delayed", "dead", "done"].contains(&place[0]) || place[0].starts_with("of:");
    (known && words.next().is_none() && (place[1].is_empty() || place[1].parse::<f64>().is_ok()))
        .then_some((shard, place))
}
