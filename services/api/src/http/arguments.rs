//! The command line arguments of artifacts.

/// The largest upload unless another is given, in bytes.
const MAX_UPLOAD_BYTES: u64 = 512 * 1024 * 1024;

/// How artifacts are handed out and uploads taken in.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Artifacts")]
pub struct ArtifactArguments {
    /// How `/generated` answers: with the bytes, or with a redirect to a URL that the store signed. A folder signs
    /// none, and is always streamed
    #[arg(long, env = "ONDOL_ARTIFACTS", default_value = "stream", value_enum)]
    pub artifacts: Delivery,

    /// The largest upload that comes through this port, in bytes; one to a URL that S3 signed is bounded by S3
    #[arg(long, env = "ONDOL_MAX_UPLOAD_BYTES", default_value_t = MAX_UPLOAD_BYTES, value_name = "BYTES",
          value_parser = arguments::positive::<u64>)]
    pub max_upload_bytes: u64,
}

impl Default for ArtifactArguments {
    fn default() -> Self {
        Self { artifacts: Delivery::Stream, max_upload_bytes: MAX_UPLOAD_BYTES }
    }
}

/// How the bytes of artifacts reach their readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Delivery {
    /// Through this process.
    Stream,
    /// Straight from the store, which the reader is sent to.
    Redirect,
}
