//! Why something did not leave the process, as a label of what counts it.

use prometheus_client::encoding::EncodeLabelSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    pub(crate) reason: &'static str,
}
