//! The tools against a stand-in for Athena that does what it is told, and against moto.

mod fake;
mod leaving;
mod listing;
mod moto;
mod paging;
mod querying;
mod stand;
mod trouble;
