//! A batch takes the same memory however long it is. A process of its own, since the peak is the process's.

#[cfg(test)]
#[expect(dead_code, reason = "the tests of the service use the rest")]
#[path = "../service/scripted.rs"]
mod scripted;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of the service use the rest")]
#[path = "../service/stand.rs"]
mod stand;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of the service use the rest")]
#[path = "../service/toolbox.rs"]
mod toolbox;

#[cfg(test)]
mod batch {
    use std::fmt::Write;

    use jobs::State;

    use crate::{scripted::Scripted, stand::Stand};

    /// Lines of input; each is about 100 bytes, and its answer 400.
    const LINES: usize = 50_000;
    /// What parts, their names and the connection may take besides, in KiB. The answers alone would be 20 MB.
    const ALLOWED_KIB: u64 = 18 * 1024;

    /// The process's peak of resident memory in KiB.
    fn peak() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn lines(count: usize) -> String {
        (0..count).fold(String::new(), |mut lines, index| {
            let body = r#"{"prompt":"Once upon a time"}"#;
            writeln!(lines, r#"{{"custom_id":"{index}","url":"/v1/completions","body":{body}}}"#).unwrap();
            lines
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn takes_the_same_memory_however_long_it_is() {
        let scripted = Scripted::forgetful();
        let stand = Stand::new(&scripted).await;
        let _worker = stand.worker(&[]);
        let long = stand.upload(&lines(LINES)).await;
        let short = stand.batch(&lines(2_000)).await;
        assert_eq!(stand.ended(short).await.state, State::Done);
        let before = peak();
        let id = stand.batch_of(&long).await;
        assert_eq!(stand.ended(id).await.state, State::Done);
        let manifest = stand.manifest(id).await;
        assert!(manifest.artifacts[0].bytes > 300 * LINES as u64, "{manifest:?}");
        let grown = peak().saturating_sub(before);
        assert!(grown <= ALLOWED_KIB, "{grown} KiB for {LINES} lines");
    }
}
