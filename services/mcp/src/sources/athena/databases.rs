//! `athena_databases`.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{
    Athena, Offer, UPSTREAM,
    trouble::{Trouble, answered, explain},
};
use crate::{
    McpError,
    config::PolicyConfig,
    sources::{decode, descriptor},
};

/// Entries that one answer of Athena can have.
pub(super) const LARGEST_PAGE: usize = 50;
/// Answers of Athena that one call reads while it looks for what may be shown.
pub(super) const MOST_ANSWERS: usize = 20;

struct Databases(Arc<Athena>);

#[derive(Deserialize)]
struct Arguments {
    page_token: Option<String>,
}

pub(super) fn offer(athena: &Arc<Athena>, policy: &PolicyConfig) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {"page_token": page_token_schema()},
        "additionalProperties": false,
    });
    let database = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "description": {"type": "string"}},
        "required": ["name"],
    });
    let output = json!({
        "type": "object",
        "properties": {
            "databases": {"type": "array", "items": database},
            "next_page_token": {"type": "string"},
        },
        "required": ["databases"],
    });
    let description =
        format!("Lists the databases of Athena that athena_query can read: {}", athena.access.told());
    let shape = (input, output);
    Ok(Offer {
        descriptor: descriptor("athena_databases", "List databases", description, shape, Annotations::READS)?,
        tool: Arc::new(Databases(Arc::clone(athena))),
        policy: policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

/// The argument that goes on with a list. Athena's own tokens are handed over as they are, since they open nothing more.
pub(super) fn page_token_schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 1024, "description": "next_page_token of the answer before."})
}

#[async_trait]
impl Tool for Databases {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        answered(self.list(asked.page_token).await)
    }
}

impl Databases {
    async fn list(&self, mut token: Option<String>) -> Result<Output, Trouble> {
        let Athena { client, settings, workgroup, access, .. } = self.0.as_ref();
        let mut found = Vec::new();
        for _ in 0..MOST_ANSWERS {
            let request =
                client.list_databases().catalog_name(&settings.catalog).work_group(workgroup.name());
            let request = request.max_results(LARGEST_PAGE as i32).set_next_token(token);
            let answer = request.send().await.map_err(|error| explain("list databases", error))?;
            let allowed = answer.database_list().iter().filter(|it| access.rules.allow_database(it.name()));
            found.extend(allowed.map(|it| named(it.name(), ("description", it.description()))));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() || !found.is_empty() {
                break;
            }
        }
        Ok(Output::structured(listed("databases", &found, token)))
    }
}

/// A name, and a word about it where there is one.
pub(super) fn named(name: &str, (field, about): (&str, Option<&str>)) -> Value {
    let mut shown = json!({"name": name});
    if let (Some(about), Value::Object(fields)) = (about.filter(|about| !about.is_empty()), &mut shown) {
        fields.insert(field.to_owned(), about.into());
    }
    shown
}

/// A list, and where it goes on.
pub(super) fn listed(field: &str, found: &[Value], next: Option<String>) -> Value {
    let mut answer = json!({field: found});
    if let (Some(next), Value::Object(fields)) = (next, &mut answer) {
        fields.insert("next_page_token".to_owned(), next.into());
    }
    answer
}
