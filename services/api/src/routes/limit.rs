//! How many calls a release takes at once without letting them wait, found by trying: a little more while they do not
//! wait, and a good part less as soon as they do.

/// What is left of the limit when it was too high.
const LESS: f64 = 0.8;

/// A limit that moves.
#[derive(Debug)]
pub(super) struct Limit {
    now: f64,
    least: f64,
    most: f64,
    /// Counts the steps down.
    steps: u64,
}

impl Limit {
    /// It begins at its highest: what has never been too much is no reason to send anybody away.
    pub(super) fn new(least: u32, most: u32) -> Self {
        let (least, most) = (f64::from(least), f64::from(most));
        Self { now: most, least, most, steps: 0 }
    }

    /// As many calls as may run.
    pub(super) fn calls(&self) -> usize {
        self.now as usize
    }

    /// How often it went down; a call remembers this from its beginning.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// A call did not wait while the limit was in use: as many such calls as run at once raise it by one.
    pub(super) fn raise(&mut self) {
        self.now = (self.now + 1.0 / self.now).min(self.most);
    }

    /// A call had to wait. Those that began before the last step down say nothing new.
    pub(super) fn lower(&mut self, steps_at_beginning: u64) {
        if steps_at_beginning == self.steps {
            self.now = (self.now * LESS).max(self.least);
            self.steps += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn goes_down_by_a_part_and_up_by_one() {
        let mut limit = Limit::new(1, 100);
        limit.lower(0);
        limit.lower(0);
        assert_eq!(limit.calls(), 80, "one crowd is one step");
        limit.lower(limit.steps());
        assert_eq!(limit.calls(), 64);
        for _ in 0..65 {
            limit.raise();
        }
        assert_eq!(limit.calls(), 65);
    }

    #[test]
    fn stays_within_its_bounds() {
        let mut limit = Limit::new(2, 4);
        limit.raise();
        assert_eq!(limit.calls(), 4);
        for _ in 0..50 {
            limit.lower(limit.steps());
        }
        assert_eq!(limit.calls(), 2);
    }
}
