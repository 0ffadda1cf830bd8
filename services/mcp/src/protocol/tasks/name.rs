//! What a task is called, and where it lies.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

/// Where all tasks lie.
pub(super) const FOLDER: &str = "tasks/";

/// Where those of one caller lie.
pub(super) fn folder_of(owner: &str) -> String {
    format!("{FOLDER}{owner}/")
}

/// A task's name: until when it can be looked at, in milliseconds, and a random number that nobody guesses. So old ones are
/// found without reading them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TaskName {
    owner: String,
    until: i64,
    number: Uuid,
}

impl TaskName {
    pub(super) fn new(owner: &str, now: Timestamp, ttl: Duration) -> Self {
        let ttl = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let until = now.as_millisecond().saturating_add(ttl);
        Self { owner: owner.to_owned(), until, number: Uuid::new_v4() }
    }

    /// Reads what callers know a task by. Only what [`TaskName::id`] has written is one.
    pub(super) fn read(owner: &str, id: &str) -> Option<Self> {
        let (until, number) = id.split_once('-')?;
        let until = i64::from_str_radix(until, 16).ok()?;
        let number = Uuid::try_parse(number).ok()?;
        let name = Self { owner: owner.to_owned(), until, number };
        (name.id() == id).then_some(name)
    }

    /// The task that a key of the store belongs to.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let (owner, rest) = key.strip_prefix(FOLDER)?.split_once('/')?;
        Self::read(owner, rest.split_once('/')?.0)
    }

    pub(super) fn id(&self) -> String {
        format!("{:x}-{}", self.until, self.number.simple())
    }

    pub(super) fn record(&self) -> String {
        format!("{}{}/record", folder_of(&self.owner), self.id())
    }

    pub(super) fn inbox(&self) -> String {
        format!("{}{}/inbox", folder_of(&self.owner), self.id())
    }

    /// Whether nobody can look at it any more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now.as_millisecond() >= self.until
    }

    /// When that is.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        Duration::from_millis(self.until.saturating_sub(now.as_millisecond()).max(0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::TaskName;

    #[test]
    fn a_name_is_read_as_it_was_written_and_in_no_other_way() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let name = TaskName::new("ann", now, Duration::from_mins(1));
        let id = name.id();
        assert_eq!(TaskName::read("ann", &id).unwrap(), name);
        assert_eq!(TaskName::of_key(&name.record()).unwrap(), name);
        assert!(!name.is_over(now) && name.is_over(now + Duration::from_mins(1)));
        assert_eq!(name.left(now), Duration::from_mins(1));
        for wrong in [
            "",
            "-",
            "../x",
            &id.to_uppercase(),
            &format!("0{id}"),
            &format!("+{id}"),
            &format!("{id}/x"),
            &id[1..],
        ] {
            let read = TaskName::read("ann", wrong);
            assert!(read.is_none_or(|read| read.id() == wrong), "{wrong}");
        }
        assert_eq!(TaskName::of_key("tools/ann/x/record"), None);
    }
}
