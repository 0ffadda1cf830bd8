//! The name of an answer that was too large to be sent.

use crate::Invalid;

/// More than any that is given.
const LONGEST: usize = 128;

/// The answer out of `answers/{answer}`.
pub fn answer_name(name: &str) -> Result<&str, Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let answer = name.strip_prefix("answers/").unwrap_or_default();
    if (1..=LONGEST).contains(&answer.len()) && answer.bytes().all(allowed) && !answer.starts_with('.') {
        return Ok(answer);
    }
    let shown: String = name.chars().take(LONGEST).collect();
    let rule = "must be `answers/{answer}`, as `CallToolResponse.answer` tells it";
    Err(Invalid::field("name", format!("{rule}, but is {shown:?}")))
}

#[cfg(test)]
mod tests {
    use super::answer_name;

    #[test]
    fn an_answer_is_one_step_and_no_way_out() {
        assert_eq!(answer_name("answers/shop_search-0a1b.json").unwrap(), "shop_search-0a1b.json");
        let long = format!("answers/{}", "x".repeat(129));
        for wrong in
            ["", "answers/", "tools/a", "answers/a/b", "answers/..", "answers/.a", "answers/a b", &long]
        {
            assert!(answer_name(wrong).is_err(), "{wrong}");
        }
    }
}
