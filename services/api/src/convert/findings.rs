//! What checks find wrong with a request, gathered so that every wrong field is named at once.

use contract::Invalid;

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Result<(), Invalid>>);

impl Findings {
    /// The value, or its default where it is wrong, which [`end`](Self::end) tells.
    pub(super) fn take<T: Default>(&mut self, checked: Result<T, Invalid>) -> T {
        checked.unwrap_or_else(|invalid| {
            self.0.push(Err(invalid));
            T::default()
        })
    }

    /// An error that names all that was found, if anything was.
    pub(super) fn end(self) -> Result<(), Invalid> {
        Invalid::all(self.0)
    }
}

#[cfg(test)]
mod tests {
    use contract::Invalid;
    use fault::Fault;

    use super::Findings;

    #[test]
    fn every_wrong_field_is_named_and_a_right_one_is_taken() {
        let mut found = Findings::default();
        assert_eq!(found.take(Ok(7)), 7);
        assert_eq!(found.take::<u32>(Err(Invalid::field("size", "must be small"))), 0);
        found.take::<()>(Err(Invalid::field("kind", "must be known")));
        let wrong = found.end().unwrap_err();
        assert_eq!(
            wrong.violations().iter().map(|it| it.field.as_str()).collect::<Vec<_>>(),
            ["size", "kind"]
        );
        Findings::default().end().unwrap();
    }
}
