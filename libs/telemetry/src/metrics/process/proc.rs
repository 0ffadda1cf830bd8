//! Reads Linux's `/proc` for this process.

use std::fs;

/// Linux reports CPU and start times in ticks of 1/100 s to programs, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    pub(super) cpu_seconds: f64,
    pub(super) start_seconds: f64,
    pub(super) resident_bytes: f64,
    pub(super) peak_bytes: f64,
    pub(super) virtual_bytes: f64,
    pub(super) threads: f64,
    pub(super) open_files: f64,
    pub(super) max_files: f64,
}

impl Usage {
    /// Reads the files; `None` where they do not exist.
    pub(super) fn read() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let files = Files {
            stat: read("/proc/self/stat")?,
            status: read("/proc/self/status")?,
            limits: read("/proc/self/limits")?,
            boot: read("/proc/stat")?,
        };
        let open = fs::read_dir("/proc/self/fd").ok()?.count();
        files.usage(open as f64)
    }
}

/// The text of the files a reading is made of.
struct Files {
    stat: String,
    status: String,
    limits: String,
    boot: String,
}

impl Files {
    fn usage(&self, open_files: f64) -> Option<Usage> {
        // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
        let (_, after_name) = self.stat.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split(' ').collect();
        let ticks = |index: usize| -> Option<f64> { fields.get(index)?.parse().ok() };
        let kib = |name| number_after(&self.status, name).map(|kib| kib * 1024.0);
        Some(Usage {
            cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
            start_seconds: number_after(&self.boot, "btime ")? + ticks(19)? / TICKS_PER_SECOND,
            resident_bytes: kib("VmRSS:")?,
            peak_bytes: kib("VmHWM:")?,
            virtual_bytes: kib("VmSize:")?,
            threads: number_after(&self.status, "Threads:")?,
            open_files,
            max_files: number_after(&self.limits, "Max open files").unwrap_or(f64::INFINITY),
        })
    }
}

/// The first number on the line that starts with `name`.
fn number_after(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Files, Usage};

    #[test]
    fn reads_the_kernels_text_even_of_a_program_with_an_odd_name() {
        let files = Files {
            stat: "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 12345 1000 200 18"
                .to_owned(),
            status: "Name:\ta) b (c\nVmSize:\t    2048 kB\nVmHWM:\t 1000 kB\nVmRSS:\t 512 kB\nThreads:\t9\n"
                .to_owned(),
            limits: "Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   4096   files\n".to_owned(),
            boot: "cpu  1 2 3\nbtime 1700000000\n".to_owned(),
        };
        let expected = Usage {
            cpu_seconds: 3.0,
            start_seconds: 1_700_000_123.45,
            resident_bytes: 524_288.0,
            peak_bytes: 1_024_000.0,
            virtual_bytes: 2_097_152.0,
            threads: 9.0,
            open_files: 5.0,
            max_files: 1024.0,
        };
        assert_eq!(files.usage(5.0), Some(expected));
    }

    #[test]
    fn cut_text_is_no_reading() {
        let files = Files {
            stat: "7 (name) S 1".to_owned(),
            status: String::new(),
            limits: String::new(),
            boot: String::new(),
        };
        assert_eq!(files.usage(0.0), None);
    }
}
