//! Tools that become tasks.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use tools::Output;

use crate::{
    asking::{form, said},
    script::Script,
};

const AT_ONCE: Duration = Duration::ZERO;
const SOON: Duration = Duration::from_millis(100);

pub(crate) fn tools() -> Vec<Script> {
    let name = || form("user_name", "What is your name?", "name", "string");
    vec![
        Script::new("slow_compute", |call| async move {
            let seconds = call.arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
            sleep(Duration::from_secs_f64(seconds.clamp(0.0, 120.0))).await;
            Ok(Output::text(format!("Computed for {seconds} s.")))
        })
        .taking(json!({"type": "object", "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}}}))
        .tasking(SOON, false),
        Script::new("failing_job", |_| async move {
            sleep(Duration::from_secs(1)).await;
            Ok(Output::refusal("This job always fails."))
        })
        .tasking(AT_ONCE, true),
        Script::new("protocol_error_job", |_| async move { panic!("a job that breaks down, as it should") })
            .tasking(AT_ONCE, false),
        Script::new("confirm_delete", |call| async move {
            let confirm = form("confirm", "Delete it?", "confirm", "boolean");
            let said = said(&call.dialogue, vec![confirm], None)?.concat();
            Ok(Output::text(format!("Deleted: {said}.")))
        })
        .taking(json!({"type": "object", "properties": {"filename": {"type": "string"}}}))
        .tasking(AT_ONCE, false),
        Script::new("multi_input", move |call| async move {
            let both = vec![name(), form("confirm", "Are you sure?", "confirm", "boolean")];
            Ok(Output::text(said(&call.dialogue, both, None)?.join("; ")))
        })
        .tasking(AT_ONCE, false),
        Script::new("test_tool_with_task", move |call| async move {
            let said = said(&call.dialogue, vec![name()], Some("asked"))?.concat();
            sleep(Duration::from_millis(500)).await;
            Ok(Output::text(format!("Worked for {said}.")))
        })
        .tasking(SOON, true),
    ]
}
