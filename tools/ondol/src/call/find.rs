//! Which method is meant.

use anyhow::bail;
use transcoding::{Rpc, Transcoder};

/// The method that is called so, or whose name ends so; none where there is none. An error where several do.
pub(super) fn find(contract: &Transcoder, asked: &str) -> anyhow::Result<Option<Rpc>> {
    let asked = asked.trim_start_matches('/').replace('/', ".");
    let mut found: Vec<_> = contract.rpcs().filter(|rpc| ends_with(rpc.full_name(), &asked)).collect();
    if found.is_empty() {
        let asked = asked.to_lowercase();
        found = contract.rpcs().filter(|rpc| ends_with(&rpc.full_name().to_lowercase(), &asked)).collect();
    }
    if found.len() > 1 {
        bail!("{asked:?} may be one of {}: write more of its name", names(&found));
    }
    Ok(found.pop())
}

/// What to say of a name that no method has.
pub(super) fn unknown(contract: &Transcoder, asked: &str) -> String {
    let last = asked.rsplit(['/', '.']).next().unwrap_or_default().to_lowercase();
    let close: Vec<_> = contract.rpcs().filter(|rpc| is_close(rpc, &last)).collect();
    let close = if close.is_empty() { String::new() } else { format!("; close to it are {}", names(&close)) };
    format!("there is no method {asked:?}: `ondol call` lists those that there are{close}")
}

/// A method as the command takes it.
pub(super) fn name(rpc: &Rpc) -> &str {
    rpc.path().trim_start_matches('/')
}

/// Whether it is that, or its last words are.
fn ends_with(name: &str, asked: &str) -> bool {
    name.strip_suffix(asked).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        && !asked.is_empty()
}

/// Whether a method's own name holds what was asked for, or is held by it.
fn is_close(rpc: &Rpc, last: &str) -> bool {
    let own = rpc.path().rsplit('/').next().unwrap_or_default().to_lowercase();
    last.len() > 2 && (own.contains(last) || last.contains(&own))
}

fn names(rpcs: &[Rpc]) -> String {
    rpcs.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use transcoding::{Scope, Transcoder};

    use super::{find, name, unknown};

    fn contract() -> Transcoder {
        Transcoder::new(proto::DESCRIPTORS, &Scope::default()).unwrap()
    }

    #[test]
    fn a_method_is_found_by_the_end_of_its_name() {
        let whole = "ondol.inference.v1.InferenceService/GenerateText";
        let short = [
            "GenerateText",
            "generatetext",
            "InferenceService/GenerateText",
            "InferenceService.GenerateText",
        ];
        for asked in [&short[..], &[whole, &format!("/{whole}")]].concat() {
            assert_eq!(name(&find(&contract(), asked).unwrap().unwrap()), whole, "{asked}");
        }
        for asked in ["", "Text", "enerateText", "InferenceService", "InferenceService/"] {
            assert!(find(&contract(), asked).unwrap().is_none(), "{asked}");
        }
    }

    #[test]
    fn every_method_of_ours_has_a_short_name_of_its_own() {
        for rpc in contract().rpcs() {
            let method = rpc.path().rsplit('/').next().unwrap();
            assert_eq!(find(&contract(), method).unwrap().unwrap().path(), rpc.path());
        }
    }

    #[test]
    fn an_unknown_name_is_told_what_is_close() {
        let told = unknown(&contract(), "InferenceService/Generate");
        let close = "ondol.inference.v1.InferenceService/GenerateText, ";
        assert!(told.contains("\"InferenceService/Generate\"") && told.contains(close), "{told}");
        assert!(unknown(&contract(), "Sing").ends_with("lists those that there are"));
    }
}
