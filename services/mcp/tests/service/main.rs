//! The service as its callers meet it: by gRPC and by the Model Context Protocol, over real ports.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod athena;
mod calling;
mod emissions;
mod hostile;
mod http;
mod protocol;
mod resources;
mod stand;
mod tasks;
mod upstream;
