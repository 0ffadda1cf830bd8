//! Names that are allowed.

use std::fmt;

/// A name, or a beginning of names: `sales` is one, `logs_*` are many, `*` are all. Case makes no difference, as in Athena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    beginning: String,
    is_whole: bool,
}

impl Pattern {
    /// The pattern, if it is one: a `*` stands at the end only.
    pub fn new(text: &str) -> Option<Self> {
        let (beginning, is_whole) = match text.strip_suffix('*') {
            Some(beginning) => (beginning, false),
            None => (text, true),
        };
        let sound = !text.is_empty() && !beginning.contains('*') && !beginning.chars().any(char::is_control);
        sound.then(|| Self { beginning: beginning.to_lowercase(), is_whole })
    }

    /// Whether a name fits.
    pub fn fits(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        if self.is_whole { name == self.beginning } else { name.starts_with(&self.beginning) }
    }

    /// Whether this is the whole of a name, without a `*`.
    pub fn is_exactly(&self, name: &str) -> bool {
        self.is_whole && self.fits(name)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.beginning, if self.is_whole { "" } else { "*" })
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_name_or_a_beginning() {
        let one = Pattern::new("Sales").unwrap();
        assert!(one.fits("sales") && one.fits("SALES") && !one.fits("sales_2") && !one.fits("sale"));
        let many = Pattern::new("logs_*").unwrap();
        assert!(many.fits("logs_") && many.fits("LOGS_2026") && !many.fits("logs") && !many.fits("xlogs_a"));
        assert!(Pattern::new("*").unwrap().fits("anything"));
        assert_eq!(many.to_string(), "logs_*");
        assert!(one.is_exactly("sales") && !many.is_exactly("logs_2026"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["", "a*b", "**", "*a", "a\n"] {
            assert!(Pattern::new(wrong).is_none(), "{wrong:?}");
        }
    }
}
