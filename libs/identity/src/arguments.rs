//! The command line arguments of identities.

use std::path::PathBuf;

use clap::Args;

/// Where it says who is believed about callers.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Keys")]
pub struct IdentityArguments {
    /// A TOML file with an `[[issuers]]` table for each issuer whose tokens (JWT, OIDC) are accepted, and a
    /// `[[certificates]]` table for each client certificate that stands for a caller: see docs/identity.md
    #[arg(long, env = "ONDOL_IDENTITIES_FILE", value_name = "FILE")]
    pub identities_file: Option<PathBuf>,
}
