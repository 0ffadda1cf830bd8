//! The scripts, each known to the server by its digest.

use deadpool_redis::redis;

/// What stands before every script.
const LINE: &str = include_str!("scripts/line.lua");

/// One script.
pub(super) struct Script {
    /// What it does, for errors.
    pub(super) doing: &'static str,
    pub(super) text: String,
    pub(super) digest: String,
    /// Whether it may be sent again as it is when the answer was lost. Only a claim has to say that it is the same again.
    pub(super) is_repeatable: bool,
}

macro_rules! scripts {
    ($($name:ident: $doing:literal,)*) => {
        /// All of them.
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        impl Scripts {
            pub(super) fn new() -> Self {
                Self {
                    $($name: Script::new(
                        stringify!($name),
                        $doing,
                        include_str!(concat!("scripts/", stringify!($name), ".lua")),
                    ),)*
                }
            }
        }
    };
}

scripts! {
    enqueue: "enqueue jobs",
    claim: "claim jobs",
    beat: "extend leases",
    finish: "finish jobs",
    release: "give jobs back",
    reap: "take back lost jobs",
    promote: "start delayed jobs",
    sweep: "sweep",
    change: "change a job",
    read: "read a job",
    events: "read a job's events",
    list: "list jobs",
    configure: "set limits",
    stats: "count jobs",
    schedules: "keep schedules",
    settings: "read limits",
}

impl Script {
    fn new(name: &str, doing: &'static str, body: &str) -> Self {
        let text = format!("{LINE}\n{body}");
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Self { doing, text, digest, is_repeatable: name != "claim" }
    }
}
