//! Who may call a tool.

use crate::{Caller, ToolName};

/// Who may call a tool. All parts must agree; an empty one does not mind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Patterns of principals, one of which must fit: `team-a`, `team-*`.
    pub principals: Vec<String>,
    /// Scopes that the key must have, all of them.
    pub scopes: Vec<String>,
}

impl Allow {
    /// What the caller lacks, if it lacks something.
    pub(crate) fn missing(&self, tool: &ToolName, caller: &Caller) -> Option<String> {
        if let Some(listed) = &caller.tools
            && !listed.iter().any(|pattern| fits(pattern, tool.as_str()))
        {
            return Some("its list of tools does not name it".to_owned());
        }
        let known = |pattern: &String| fits(pattern, &caller.principal);
        if !self.principals.is_empty() && !self.principals.iter().any(known) {
            return Some("it is for other principals".to_owned());
        }
        let scope = self.scopes.iter().find(|scope| !caller.scopes.contains(*scope))?;
        Some(format!("it needs the scope {scope}"))
    }
}

/// Whether a name fits a pattern: itself, or a beginning followed by `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::Allow;
    use crate::{Caller, ToolName};

    fn caller(principal: &str, scopes: &[&str], tools: Option<&[&str]>) -> Caller {
        Caller {
            principal: principal.into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            tools: tools.map(|tools| tools.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn every_part_must_agree() {
        let tool = ToolName::new("s3_get").unwrap();
        let allow = Allow { principals: vec!["team-*".into(), "ops".into()], scopes: vec!["s3".into()] };
        let cases = [
            (caller("team-a", &["s3"], None), None),
            (caller("ops", &["s3", "more"], Some(&["s3_*"])), None),
            (caller("ops", &["s3"], Some(&["s3_get"])), None),
            (caller("ops-2", &["s3"], None), Some("other principals")),
            (caller("ops", &[], None), Some("the scope s3")),
            (caller("ops", &["s3"], Some(&[])), Some("list of tools")),
            (caller("ops", &["s3"], Some(&["s3_put", "athena_*"])), Some("list of tools")),
        ];
        for (caller, lacks) in cases {
            let missing = allow.missing(&tool, &caller);
            assert_eq!(missing.is_some(), lacks.is_some(), "{caller:?}: {missing:?}");
            assert!(missing.unwrap_or_default().contains(lacks.unwrap_or_default()));
        }
    }

    #[test]
    fn nothing_said_is_everybody() {
        let tool = ToolName::new("s3_get").unwrap();
        assert_eq!(Allow::default().missing(&tool, &Caller::new("anyone")), None);
    }
}
