//! `athena_tables`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_athena::types::{Column, TableMetadata};
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{
    Athena, Offer, UPSTREAM,
    databases::{LARGEST_PAGE, MOST_ANSWERS, listed, named, page_token_schema},
    trouble::{Trouble, answered, explain},
};
use crate::{
    McpError,
    config::PolicyConfig,
    sources::{decode, descriptor},
};

struct Tables(Arc<Athena>);

#[derive(Deserialize)]
struct Arguments {
    database: Option<String>,
    page_token: Option<String>,
}

pub(super) fn offer(athena: &Arc<Athena>, policy: &PolicyConfig) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {"database": database_schema(athena), "page_token": page_token_schema()},
        "additionalProperties": false,
    });
    let table = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "type": {"type": "string"},
            "comment": {"type": "string"},
            "partitioned_by": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "type", "partitioned_by"],
    });
    let output = json!({
        "type": "object",
        "properties": {"tables": {"type": "array", "items": table}, "next_page_token": {"type": "string"}},
        "required": ["tables"],
    });
    let description =
        "Lists tables and views of one database of Athena, and by which columns they are partitioned.";
    let shape = (input, output);
    Ok(Offer {
        descriptor: descriptor(
            "athena_tables",
            "List tables",
            description.to_owned(),
            shape,
            Annotations::READS,
        )?,
        tool: Arc::new(Tables(Arc::clone(athena))),
        policy: policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

/// The argument `database`.
pub(super) fn database_schema(athena: &Athena) -> Value {
    let usual = athena.access.usual().map(|name| format!(" Default: {name}.")).unwrap_or_default();
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": format!("One of: {}.{usual}", athena.access.told()),
    })
}

#[async_trait]
impl Tool for Tables {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let database = self.0.access.database(asked.database)?;
        answered(self.list(&database, asked.page_token).await)
    }
}

impl Tables {
    async fn list(&self, database: &str, mut token: Option<String>) -> Result<Output, Trouble> {
        let Athena { client, settings, workgroup, access, .. } = self.0.as_ref();
        let mut found = Vec::new();
        for _ in 0..MOST_ANSWERS {
            let request =
                client.list_table_metadata().catalog_name(&settings.catalog).database_name(database);
            let request =
                request.work_group(workgroup.name()).max_results(LARGEST_PAGE as i32).set_next_token(token);
            let answer = request.send().await.map_err(|error| explain("list tables", error))?;
            let tables = answer.table_metadata_list().iter();
            found.extend(tables.filter(|table| access.rules.allow_table(database, table.name())).map(shown));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() || !found.is_empty() {
                break;
            }
        }
        Ok(Output::structured(listed("tables", &found, token)))
    }
}

fn shown(table: &TableMetadata) -> Value {
    let mut shown = named(table.name(), ("comment", comment(table)));
    let partitions: Vec<_> = table.partition_keys().iter().map(Column::name).collect();
    if let Value::Object(fields) = &mut shown {
        fields.insert("type".to_owned(), table.table_type().unwrap_or("UNKNOWN").into());
        fields.insert("partitioned_by".to_owned(), partitions.into());
    }
    shown
}

/// What people have written about a table. The other parameters tell where its data lies, which is nobody's business.
pub(super) fn comment(table: &TableMetadata) -> Option<&str> {
    table.parameters().and_then(|parameters| parameters.get("comment")).map(String::as_str)
}
