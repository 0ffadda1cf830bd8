//! How a job is named on the command line.

/// The resource name of a job: people leave `jobs/` out.
pub(crate) fn resource_name(given: &str) -> String {
    if given.starts_with("jobs/") { given.to_owned() } else { format!("jobs/{given}") }
}

#[cfg(test)]
mod tests {
    use super::resource_name;

    #[test]
    fn the_collection_may_be_left_out() {
        assert_eq!(resource_name("0a"), "jobs/0a");
        assert_eq!(resource_name("jobs/0a"), "jobs/0a");
    }
}
