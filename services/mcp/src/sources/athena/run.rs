//! Waits for a query, and says how it ended.

use std::time::Duration;

use aws_sdk_athena::{
    Client,
    types::{
        AthenaError, QueryExecution, QueryExecutionState, QueryExecutionStatistics, QueryExecutionStatus,
    },
};
use tokio::time::{Instant, sleep};
use tools::{Progress, Step};

use super::{
    runs::Running,
    trouble::{Trouble, explain, forbidden, is_operators, is_passing, shown, upstream},
};

/// The wait before the second look; each later one is half as long again.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Athena's number for errors of its own.
const SYSTEM: i32 = 1;

/// A query that has ended, and how often it was looked at until then.
pub(super) struct Ended {
    pub(super) execution: QueryExecution,
    looks: u32,
}

/// Waits until the query has ended, well or badly. It goes on for as long as the caller waits: looks that fail are made again,
/// since the query costs more than they do.
pub(super) async fn follow(client: &Client, running: Running, progress: &Progress) -> Result<Ended, Trouble> {
    let begun = Instant::now();
    let mut wait = FIRST_WAIT;
    for looks in 1.. {
        let looked = client.get_query_execution().query_execution_id(&running.id).send().await;
        match looked {
            Ok(looked) => {
                let execution =
                    looked.query_execution.ok_or_else(|| upstream("it does not know its query", None))?;
                if has_ended(&execution) {
                    running.ended();
                    return Ok(Ended { execution, looks });
                }
                progress.step(step(&execution, begun));
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(explain("look at the query", error)),
        }
        sleep(wait).await;
        wait = (wait + wait / 2).min(LONGEST_WAIT);
    }
    Err(upstream("it has been looked at too often", None))
}

impl Ended {
    /// Whether it had ended badly before it was looked at for the first time, for a reason that may have passed: it is the run
    /// of an attempt that was given up, which Athena hands back for the same token.
    pub(super) fn is_left_over(&self) -> bool {
        let Some(status) = self.execution.status().filter(|_| self.looks == 1) else { return false };
        match status.state() {
            Some(QueryExecutionState::Cancelled) => !is_over_limit(&reason(status)),
            Some(QueryExecutionState::Failed) => status.athena_error().is_some_and(AthenaError::retryable),
            _ => false,
        }
    }

    /// The query, if it went well.
    pub(super) fn outcome(self) -> Result<QueryExecution, Trouble> {
        let Some(status) = self.execution.status() else {
            return Err(upstream("it does not say how the query ended", None));
        };
        match status.state() {
            Some(QueryExecutionState::Succeeded) => Ok(self.execution),
            _ => Err(why(status, self.execution.query().unwrap_or_default())),
        }
    }
}

fn has_ended(execution: &QueryExecution) -> bool {
    let state = execution.status().and_then(|status| status.state());
    matches!(
        state,
        Some(QueryExecutionState::Succeeded | QueryExecutionState::Failed | QueryExecutionState::Cancelled)
    )
}

/// Why a query ended badly, and who can mend it.
fn why(status: &QueryExecutionStatus, text: &str) -> Trouble {
    let reason = reason(status);
    if is_over_limit(&reason) {
        return Trouble::Told(format!(
            "The query was ended because it scanned more data than a query may here. Read fewer partitions (a condition on \
             partition columns) or fewer columns. Athena says: {}",
            shown(&reason)
        ));
    }
    if status.state() == Some(&QueryExecutionState::Cancelled) {
        return Trouble::Told(format!("The query was cancelled before it had ended. {}", shown(&reason)));
    }
    if is_operators(&reason) {
        return forbidden("run the query", &reason, None);
    }
    let category = status.athena_error().and_then(AthenaError::error_category);
    if category == Some(SYSTEM) && !reason.to_lowercase().contains("exhausted resources") {
        return upstream(&format!("it could not run the query: {}", shown(&reason)), None);
    }
    Trouble::Told(format!(
        "Athena could not run the query: {}\nWhat ran was:\n{}",
        shown(&reason),
        shown(text)
    ))
}

fn reason(status: &QueryExecutionStatus) -> String {
    let error = status.athena_error().and_then(|error| error.error_message());
    status.state_change_reason().or(error).unwrap_or("it gives no reason").to_owned()
}

fn is_over_limit(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    reason.contains("bytes scanned limit") || reason.contains("scanned cutoff")
}

fn step(execution: &QueryExecution, begun: Instant) -> Step {
    let state =
        execution.status().and_then(|status| status.state()).map_or("UNKNOWN", QueryExecutionState::as_str);
    let scanned = execution.statistics().and_then(QueryExecutionStatistics::data_scanned_in_bytes);
    let scanned = scanned.map(|bytes| format!(", {bytes} bytes scanned")).unwrap_or_default();
    Step {
        done: begun.elapsed().as_secs_f64(),
        total: None,
        message: Some(format!("{}{scanned}", state.to_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_athena::types::{AthenaError, QueryExecution, QueryExecutionState, QueryExecutionStatus};
    use fault::{Fault, Kind};

    use super::{Ended, Trouble};

    fn ended(state: QueryExecutionState, reason: &str, category: i32) -> Ended {
        let error = AthenaError::builder().error_category(category).retryable(category == 1).build();
        let status = QueryExecutionStatus::builder()
            .state(state)
            .state_change_reason(reason)
            .athena_error(error)
            .build();
        Ended { execution: QueryExecution::builder().status(status).query("SELECT 1").build(), looks: 1 }
    }

    #[test]
    fn how_a_query_ended_says_who_can_mend_it() {
        use QueryExecutionState::{Cancelled, Failed, Succeeded};
        assert!(ended(Succeeded, "", 0).outcome().is_ok());
        for (state, reason, category, said) in [
            (Failed, "COLUMN_NOT_FOUND: line 1:8: Column 'a' cannot be resolved", 2, "COLUMN_NOT_FOUND"),
            (Failed, "SYNTAX_ERROR: line 1:1", 2, "SELECT 1"),
            (Failed, "Query exhausted resources at this scale factor", 1, "exhausted"),
            (Cancelled, "Bytes scanned limit was exceeded", 2, "fewer partitions"),
            (Failed, "Bytes scanned limit was exceeded", 2, "fewer partitions"),
            (Cancelled, "Query cancelled by user", 2, "cancelled"),
        ] {
            match ended(state, reason, category).outcome() {
                Err(Trouble::Told(told)) => assert!(told.contains(said), "{told}"),
                other => panic!("{reason}: {other:?}"),
            }
        }
        for (reason, category, kind) in [
            ("GENERIC_INTERNAL_ERROR: something", 1, Kind::Unavailable),
            ("User: arn:aws:sts::1:x is not authorized to perform: glue:GetTable", 3, Kind::Internal),
        ] {
            match ended(Failed, reason, category).outcome() {
                Err(Trouble::Failed(error)) => {
                    assert_eq!(error.kind(), kind, "{reason}");
                    assert!(!error.public_message().contains("arn:"), "{error}");
                }
                other => panic!("{reason}: {other:?}"),
            }
        }
    }

    #[test]
    fn only_what_ended_before_and_may_go_better_is_left_over() {
        use QueryExecutionState::{Cancelled, Failed, Succeeded};
        assert!(ended(Cancelled, "Query cancelled by user", 2).is_left_over());
        assert!(ended(Failed, "internal", 1).is_left_over());
        assert!(!ended(Failed, "SYNTAX_ERROR", 2).is_left_over());
        assert!(!ended(Cancelled, "Bytes scanned limit was exceeded", 2).is_left_over());
        assert!(!ended(Succeeded, "", 0).is_left_over());
        assert!(!Ended { looks: 2, ..ended(Cancelled, "", 2) }.is_left_over());
    }
}
