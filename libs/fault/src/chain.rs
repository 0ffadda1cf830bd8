//! An error and its causes on one line, for logs only.

use std::{error::Error, fmt};

/// Displays an error followed by each of its sources: `reading the key file: permission denied`.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many libraries print their cause themselves.
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, fmt, io};

    use super::Chain;

    #[derive(Debug)]
    struct Outer(io::Error);

    /// One that repeats what its cause says.
    #[derive(Debug)]
    struct Talkative(Outer);

    impl fmt::Display for Talkative {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "starting: {}", self.0)
        }
    }

    impl Error for Talkative {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("reading the key file")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn prints_each_cause_once() {
        let error = Outer(io::Error::other("disk on fire"));
        assert_eq!(Chain(&error).to_string(), "reading the key file: disk on fire");
        let error = Talkative(error);
        assert_eq!(Chain(&error).to_string(), "starting: reading the key file: disk on fire");
    }
}
