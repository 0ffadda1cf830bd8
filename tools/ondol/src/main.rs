//! ondol
fn main() {}
