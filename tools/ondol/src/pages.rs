//! Lists that come in pages.

/// Up to `most` of a list, from as many pages as that takes, and whether there are more. `page` is given a size and a token.
pub(crate) async fn gather<T>(
    most: u32,
    mut page: impl AsyncFnMut(i32, String) -> anyhow::Result<(Vec<T>, String)>,
) -> anyhow::Result<(Vec<T>, bool)> {
    let (mut all, mut token, most) = (Vec::new(), String::new(), most as usize);
    loop {
        let wanted = i32::try_from(most - all.len()).unwrap_or(i32::MAX);
        let (found, next) = page(wanted, token).await?;
        all.extend(found);
        if next.is_empty() || all.len() >= most {
            let more = all.len() > most || !next.is_empty();
            all.truncate(most);
            return Ok((all, more));
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::gather;

    /// Lists five numbers, two a page, the second page being empty.
    async fn page(_size: i32, token: String) -> anyhow::Result<(Vec<u32>, String)> {
        let numbers = |range: std::ops::Range<u32>| range.collect();
        Ok(match token.as_str() {
            "" => (numbers(0..2), "a".to_owned()),
            "a" => (numbers(0..0), "b".to_owned()),
            "b" => (numbers(2..4), "c".to_owned()),
            _ => (numbers(4..5), String::new()),
        })
    }

    #[tokio::test]
    async fn as_many_pages_are_read_as_are_wanted() {
        for (most, count, more) in
            [(1, 1, true), (2, 2, true), (3, 3, true), (4, 4, true), (5, 5, false), (9, 5, false)]
        {
            let (read, left) = gather(most, page).await.unwrap();
            assert_eq!((read, left), ((0..count).collect(), more), "{most}");
        }
    }
}
