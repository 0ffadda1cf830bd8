//! Names of tools.

use crate::Invalid;

const LONGEST: usize = 64;

/// Takes the tool out of a resource name, `tools/{tool}`.
pub fn tool_name(name: &str) -> Result<&str, Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let tool = name.strip_prefix("tools/").unwrap_or_default();
    if (1..=LONGEST).contains(&tool.len()) && tool.bytes().all(allowed) {
        return Ok(tool);
    }
    let rule = "must be `tools/{tool}`, a tool being 1 to 64 of A-Z, a-z, 0-9, `_` and `-`";
    let shown: String = name.chars().take(LONGEST).collect();
    Err(Invalid::field("name", format!("{rule}, but is {shown:?}")))
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::tool_name;

    #[test]
    fn takes_the_tool_out_of_its_name() {
        assert_eq!(tool_name("tools/s3_get").unwrap(), "s3_get");
        assert_eq!(tool_name("tools/github__create-Issue").unwrap(), "github__create-Issue");
    }

    #[test]
    fn says_what_a_name_is() {
        let long = format!("tools/{}", "x".repeat(65));
        for wrong in ["", "s3_get", "tools/", "tools/a/b", "tools/a.b", "models/a", "tools/../a", &long] {
            let error = tool_name(wrong).unwrap_err();
            assert_eq!(error.violations()[0].field, "name", "{wrong}");
            assert!(error.to_string().len() < 300);
        }
    }
}
