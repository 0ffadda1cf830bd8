//! The names that a route is for.

use contract::model_id;

/// A model's name, or how the names of several begin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    /// One name.
    Name(String),
    /// Every name that begins so; all of them where it is empty.
    Beginning(String),
}

impl Pattern {
    /// Reads `NAME` or `BEGINNING*`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (name, pattern) = match text.strip_suffix('*') {
            Some(beginning) => (beginning, Self::Beginning(beginning.to_owned())),
            None => (text, Self::Name(text.to_owned())),
        };
        if name.is_empty() && matches!(pattern, Self::Beginning(_)) || model_id(name).is_ok() {
            return Ok(pattern);
        }
        let rule = "expected a model's name of 1 to 63 lower-case letters, digits, `.`, `_` or `-`, \
                    which may end with a `*`";
        Err(format!("{rule}, got {text:?}"))
    }

    /// Whether it is for this model.
    pub(super) fn fits(&self, model: &str) -> bool {
        match self {
            Self::Name(name) => name == model,
            Self::Beginning(beginning) => model.starts_with(beginning.as_str()),
        }
    }

    /// The one name, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Beginning(_) => None,
        }
    }

    /// How close it is to a name that it fits: a name is closer than any beginning, a long beginning than a short one.
    pub(super) fn closeness(&self) -> usize {
        match self {
            Self::Name(_) => usize::MAX,
            Self::Beginning(beginning) => beginning.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn is_a_name_or_a_beginning() {
        for (text, fitting, other) in
            [("qwen2", "qwen2", "qwen2.5"), ("qwen*", "qwen2", "llama"), ("qwen-*", "qwen-1", "qwen")]
        {
            let pattern = Pattern::read(text).unwrap();
            assert!(pattern.fits(fitting) && !pattern.fits(other), "{text}");
        }
        assert!(Pattern::read("*").unwrap().fits("anything"));
        for wrong in ["", "a b", "Qwen", "a*b", "**", "models/a"] {
            assert!(Pattern::read(wrong).unwrap_err().contains(&format!("{wrong:?}")), "{wrong}");
        }
    }
}
