//! Other servers, honest ones and others, over real ports.

mod agreeing;
mod calling;
mod fixtures;
mod following;
mod liar;
mod lying;
mod pinning;
mod stand;
