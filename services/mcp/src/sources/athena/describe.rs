//! `athena_describe`.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Annotations, Call, Output, Tool, ToolsError};

use super::{
    Athena, Offer, UPSTREAM, columns,
    tables::{comment, database_schema},
    trouble::{Trouble, answered, explain, upstream},
};
use crate::{
    McpError,
    config::PolicyConfig,
    sources::{decode, descriptor},
};

struct Describe(Arc<Athena>);

#[derive(Deserialize)]
struct Arguments {
    database: Option<String>,
    table: String,
}

pub(super) fn offer(athena: &Arc<Athena>, policy: &PolicyConfig) -> Result<Offer, McpError> {
    let input = json!({
        "type": "object",
        "properties": {
            "database": database_schema(athena),
            "table": {"type": "string", "minLength": 1, "maxLength": 255, "description": "The table or view."},
        },
        "required": ["table"],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {
            "database": {"type": "string"},
            "name": {"type": "string"},
            "type": {"type": "string"},
            "comment": {"type": "string"},
            "columns": {"type": "array", "items": columns::schema()},
            "partitions": {"type": "array", "items": columns::schema()},
        },
        "required": ["database", "name", "type", "columns", "partitions"],
    });
    let description = "Describes one table or view of Athena: its columns with their types, and the columns by which it is \
                       partitioned. A query with a condition on these scans less.";
    let shape = (input, output);
    Ok(Offer {
        descriptor: descriptor(
            "athena_describe",
            "Describe a table",
            description.to_owned(),
            shape,
            Annotations::READS,
        )?,
        tool: Arc::new(Describe(Arc::clone(athena))),
        policy: policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

#[async_trait]
impl Tool for Describe {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments)?;
        let database = self.0.access.database(asked.database)?;
        self.0.access.table(&database, &asked.table)?;
        answered(self.describe(&database, &asked.table).await)
    }
}

impl Describe {
    async fn describe(&self, database: &str, table: &str) -> Result<Output, Trouble> {
        let Athena { client, settings, workgroup, .. } = self.0.as_ref();
        let request = client.get_table_metadata().catalog_name(&settings.catalog).database_name(database);
        let answer = request.table_name(table).work_group(workgroup.name()).send().await;
        let answer = answer.map_err(|error| explain("describe the table", error))?;
        let Some(about) = answer.table_metadata() else {
            return Err(upstream("it answered nothing about the table", None));
        };
        let mut shown = json!({
            "database": database,
            "name": about.name(),
            "type": about.table_type().unwrap_or("UNKNOWN"),
            "columns": columns::shown(about.columns()),
            "partitions": columns::shown(about.partition_keys()),
        });
        if let (Some(comment), Value::Object(fields)) = (comment(about), &mut shown) {
            fields.insert("comment".to_owned(), comment.into());
        }
        Ok(Output::structured(shown))
    }
}
