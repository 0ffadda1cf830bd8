//! Figures as people read them.

/// Bytes in the largest fitting decimal unit: `98.4 MB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let fitting = units.iter().find(|(_, unit)| bytes as f64 >= *unit);
    fitting.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{:.1} {name}", bytes as f64 / unit))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn picks_the_unit() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(98_362_432), "98.4 MB");
        assert_eq!(size(1_500_000_000), "1.5 GB");
    }
}
