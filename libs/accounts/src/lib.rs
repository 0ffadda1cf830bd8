//! Who may call, and what: API keys and what they grant.
//!
//! - [`Keys`] knows every key by the hash of its secret, and says whose one came in a request's headers.
//! - [`Account`] is the answer: the caller's name and its [`Grants`], the scopes and the tools of its key.
//!
//! api and mcp, the two doors with keys, both stand on this. It must never know a transport or what a scope is for.

mod bearer;
mod error;
mod grants;
mod keys;

pub use error::AccountsError;
pub use grants::Grants;
pub use keys::{Account, KeyArguments, Keys, check_key_name};
