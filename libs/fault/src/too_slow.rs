//! What a reader of a body finds where its sender took too long.

use std::{error::Error, fmt};

/// A body was given up, as it came too slowly. It stands in the chain of the error with which the body ends, so that
/// whoever reads it, by whatever library, can tell this from a sender who went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow;

impl TooSlow {
    /// Whether this is why `error` came.
    pub fn is_cause_of(error: &(dyn Error + 'static)) -> bool {
        let mut next = Some(error);
        while let Some(error) = next {
            if error.is::<Self>() {
                return true;
            }
            next = error.source();
        }
        false
    }
}

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl Error for TooSlow {}

#[cfg(test)]
mod tests {
    use std::{error::Error, fmt, io};

    use super::TooSlow;

    #[derive(Debug)]
    struct Outer(Box<dyn Error>);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self.0.as_ref())
        }
    }

    #[test]
    fn it_is_found_however_deep_it_is() {
        assert!(TooSlow::is_cause_of(&TooSlow));
        assert!(TooSlow::is_cause_of(&Outer(Box::new(Outer(Box::new(TooSlow))))));
        assert!(!TooSlow::is_cause_of(&Outer(Box::new(io::Error::other("the body came too slowly")))));
    }
}
