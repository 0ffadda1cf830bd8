//! The wrong fields of a request: no more of them than a reader takes in, and how many there are besides.

use fault::Violation;

use crate::TranscodingError;

/// How many are named. A body may hold a few hundred thousand, so the others are not even kept.
const NAMED: usize = 20;

/// What is wrong so far.
#[derive(Default)]
pub(crate) struct WrongFields {
    named: Vec<Violation>,
    /// How many there are besides.
    further: usize,
}

impl WrongFields {
    /// One more.
    pub(crate) fn note(&mut self, violation: impl FnOnce() -> Violation) {
        if self.named.len() < NAMED {
            self.named.push(violation());
        } else {
            self.further += 1;
        }
    }

    /// An error that names them, if there is any.
    pub(crate) fn end(mut self) -> Result<(), TranscodingError> {
        if self.named.is_empty() {
            return Ok(());
        }
        if self.further > 0 {
            let rest = format!("{} more are wrong", self.further);
            self.named.push(Violation::new("(further fields)", rest));
        }
        Err(TranscodingError::Fields { fields: self.named })
    }
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Violation};

    use super::WrongFields;

    #[test]
    fn many_wrong_fields_are_counted_and_not_all_named() {
        let wrong = |count: usize| {
            let mut wrong = WrongFields::default();
            (0..count).for_each(|n| wrong.note(|| Violation::new(n.to_string(), "x")));
            wrong.end()
        };
        wrong(0).unwrap();
        assert_eq!(wrong(20).unwrap_err().violations().len(), 20);
        assert_eq!(wrong(25).unwrap_err().violations().len(), 21);
        assert!(wrong(25).unwrap_err().to_string().ends_with("(further fields): 5 more are wrong"));
    }
}
