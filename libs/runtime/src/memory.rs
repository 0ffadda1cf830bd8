//! Where memory comes from.

use mimalloc::MiMalloc;

/// The system's own makes calls wait longer for each other, most of all the slowest of them; docs/benchmarks.md has the figures.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
