//! The scripts, each known to the server by its digest.

use deadpool_redis::redis;

/// What stands before every script.
const LINE: &str = include_str!("scripts/line.lua");

/// One script. Each may be sent again when its answer was lost: it finds that its work is done.
pub(super) struct Script {
    /// What it does, for errors.
    pub(super) doing: &'static str,
    pub(super) text: String,
    pub(super) digest: String,
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
                        $doing,
                        include_str!(concat!("scripts/", stringify!($name), ".lua")),
                    ),)*
                }
            }
        }
    };
}

scripts! {
    create: "create a key",
    find: "look a key up",
    list: "list keys",
    revoke: "revoke a key",
    reserve: "reserve what a request may use",
    settle: "settle what requests have used",
    renew: "renew reservations",
}

impl Script {
    fn new(doing: &'static str, body: &str) -> Self {
        let text = format!("{LINE}\n{body}");
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Self { doing, text, digest }
    }
}
