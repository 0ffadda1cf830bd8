//! How often the kinds are tried.

use std::{collections::BTreeMap, time::Duration};

use jobs::{JobsError, Name, Policies, Policy};
use jobview::WEBHOOK;

/// A receiver may be away for a night: ten times, over a day or so. The pauses are drawn from nothing to 5 minutes, 10, 20 and so
/// on, which come to 21 hours in the mean and to twice that at most.
const TELLING: Policy =
    Policy { attempts: 10, base: Duration::from_mins(5), ceiling: Duration::from_hours(24) };

/// The policies of every kind that needs one of its own.
pub fn policies() -> Result<Policies, JobsError> {
    let kinds = BTreeMap::from([(Name::new("kind", WEBHOOK)?, TELLING)]);
    Ok(Policies { kinds, ..Policies::default() })
}
