//! Doing one thing to many.

use std::fmt::Display;

use anyhow::bail;

use crate::output::tell;

/// Does it to each. One that fails is named, and does not keep the others from it, but the whole has failed then.
pub(crate) async fn each<T: Display>(
    all: &[T],
    mut work: impl AsyncFnMut(&T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let [only] = all {
        return work(only).await;
    }
    let mut failed = 0;
    for one in all {
        if let Err(error) = work(one).await {
            tell!("ondol: {one}: {error:#}");
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of {} failed", all.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::each;

    #[tokio::test]
    async fn one_that_fails_does_not_keep_the_others_from_it() {
        let mut done = Vec::new();
        let outcome = each(&[1, 2, 3], async |number| {
            ensure!(*number != 2, "two");
            done.push(*number);
            Ok(())
        });
        assert_eq!(outcome.await.unwrap_err().to_string(), "1 of 3 failed");
        assert_eq!(done, [1, 3]);
        let alone = each(&[2], async |_| anyhow::bail!("two")).await;
        assert_eq!(alone.unwrap_err().to_string(), "two");
    }
}
