//! `athena_query`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_athena::{
    operation::start_query_execution::builders::StartQueryExecutionFluentBuilder,
    types::{
        QueryExecution, QueryExecutionContext, QueryExecutionState, QueryExecutionStatistics,
        ResultConfiguration, ResultReuseByAgeConfiguration, ResultReuseConfiguration, ResultReuseInformation,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlguard::{Statement, check, still_allowed};
use tokio::time::Instant;
use tools::{Annotations, Call, Content, Link, Output, Tool, ToolsError};
use uuid::Uuid;

use super::{
    Athena, Offer, UPSTREAM,
    access::wrong,
    owner,
    pages::Cursor,
    results::{Bounds, Page, read},
    run,
    trouble::{Trouble, answered, explain},
};
use crate::{
    McpError,
    config::{AthenaConfig, PolicyConfig},
    sources::{decode, descriptor},
};

/// How often a query is begun anew that an attempt before this one has left behind.
const TURNS: u32 = 3;

struct Query {
    athena: Arc<Athena>,
    /// What makes the tokens of this process its own.
    process: Uuid,
    born: Instant,
}

#[derive(Deserialize)]
struct Arguments {
    sql: Option<String>,
    database: Option<String>,
    max_rows: Option<usize>,
    page_token: Option<String>,
}

pub(super) fn offer(
    athena: &Arc<Athena>,
    policy: &PolicyConfig,
    config: &AthenaConfig,
) -> Result<Offer, McpError> {
    let tool = Query { athena: Arc::clone(athena), process: Uuid::new_v4(), born: Instant::now() };
    let shape = (input(athena), output());
    Ok(Offer {
        descriptor: descriptor(
            "athena_query",
            "Query with SQL",
            description(athena, config),
            shape,
            Annotations::READS,
        )?,
        tool: Arc::new(tool),
        policy: policy.clone(),
        upstream: UPSTREAM.to_owned(),
    })
}

fn description(athena: &Athena, config: &AthenaConfig) -> String {
    let about =
        if config.description.is_empty() { String::new() } else { format!("\n{}", config.description) };
    format!(
        "Runs one SELECT, WITH … SELECT or VALUES in Athena (Trino's SQL, names in double quotes, no comments) and answers \
         with its first rows. Every query scans data and costs money: look at athena_describe first, name the columns, put \
         conditions on partition columns, and use LIMIT. For more rows call again with page_token, which scans nothing.\n\
         Databases: {}{about}",
        athena.access.told()
    )
}

fn input(athena: &Athena) -> Value {
    let most = athena.settings.max_rows;
    json!({
        "type": "object",
        "properties": {
            "sql": {"type": "string", "minLength": 1, "maxLength": athena.access.rules.limits.bytes, "description": "The statement."},
            "database": {"type": "string", "maxLength": 255, "description": usual(athena)},
            "max_rows": {"type": "integer", "minimum": 1, "maximum": most, "description": format!("Rows of one answer. Default: {most}.")},
            "page_token": {"type": "string", "maxLength": 2048, "description": "next_page_token of an answer, instead of sql: the rows after it."},
        },
        "oneOf": [{"required": ["sql"]}, {"required": ["page_token"]}],
        "additionalProperties": false,
    })
}

fn usual(athena: &Athena) -> String {
    let usual = athena.access.usual().map(|name| format!(" Default: {name}.")).unwrap_or_default();
    format!("Where tables without a database are.{usual}")
}

fn output() -> Value {
    let column = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
        "required": ["name", "type"],
    });
    json!({
        "type": "object",
        "properties": {
            "query_id": {"type": "string"},
            "columns": {"type": "array", "items": column},
            "rows": {"type": "array", "items": {"type": "array"}, "description": "Each row in the order of the columns. Whole numbers beyond 2^53, decimals, times and nested values are text."},
            "next_page_token": {"type": "string", "description": "There are more rows: call again with it."},
            "scanned_bytes": {"type": "integer", "description": "What the query has scanned, which is what it costs."},
            "runtime_ms": {"type": "integer"},
            "reused": {"type": "boolean", "description": "Whether an earlier result was given, and nothing was scanned."},
            "result_url": {"type": "string", "description": "The whole result as CSV, for a while, for whoever has the link."},
            "result_url_expires": {"type": "string"},
        },
        "required": ["query_id", "columns", "rows", "scanned_bytes", "runtime_ms", "reused"],
    })
}

#[async_trait]
impl Tool for Query {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let asked: Arguments = decode(call.arguments.clone())?;
        let bounds = Bounds::of(asked.max_rows, &self.athena.settings);
        let answer = match (asked.page_token, asked.sql) {
            (Some(token), _) => self.go_on(&Cursor::of(&token)?, bounds, &call).await,
            (None, Some(sql)) => {
                let database = self.athena.access.database(asked.database)?;
                let statement = check(&sql, &database, &self.athena.access.rules)
                    .map_err(|refusal| wrong("sql", refusal.to_string()))?;
                self.begin(&statement, &database, bounds, &call).await
            }
            (None, None) => Err(wrong("sql", "is required, unless page_token is given".to_owned()).into()),
        };
        answered(answer)
    }
}

impl Query {
    /// Runs a statement, and answers with its first rows.
    async fn begin(
        &self,
        statement: &Statement,
        database: &str,
        bounds: Bounds,
        call: &Call,
    ) -> Result<Output, Trouble> {
        let athena = &self.athena;
        athena.workgroup.check(&athena.client).await?;
        let text = owner::marked(&statement.text, &call.caller.principal);
        let mut turn = 1;
        let execution = loop {
            let start = self.start(&text, database, self.token(&text, turn, call));
            let running = athena.runs.start(start).await?;
            // From here Athena's own record of it is found, which has what it reads and costs.
            tracing::info!(query = running.id, request_id = call.request_id, turn, "a query was started");
            let ended = run::follow(&athena.client, running, &call.progress).await?;
            if turn == TURNS || !ended.is_left_over() {
                break ended.outcome()?;
            }
            turn += 1;
        };
        let cursor = Cursor::beginning(execution.query_execution_id().unwrap_or_default());
        let page = read(&athena.client, cursor, bounds).await?;
        Ok(self.told(&execution, page).await)
    }

    /// Answers with rows of a query that has run before, for whoever it was run.
    async fn go_on(&self, cursor: &Cursor, bounds: Bounds, call: &Call) -> Result<Output, Trouble> {
        let athena = &self.athena;
        let looked = athena.client.get_query_execution().query_execution_id(&cursor.query).send().await;
        let looked = looked.map_err(|error| explain("look at the query", error))?;
        let execution =
            looked.query_execution.filter(|execution| self.may_read(execution, &call.caller.principal));
        let Some(execution) = execution else {
            let problem =
                "is of no query that you have run here, or of one whose tables may no longer be read";
            return Err(wrong("page_token", problem.to_owned()).into());
        };
        let page = read(&athena.client, cursor.clone(), bounds).await?;
        Ok(self.told(&execution, page).await)
    }

    /// Whether a query was run here, well, for this caller, and over what may still be read.
    fn may_read(&self, execution: &QueryExecution, principal: &str) -> bool {
        let athena = &self.athena;
        let Some(statement) = owner::statement_of(execution.query().unwrap_or_default(), principal) else {
            return false;
        };
        let Some(context) = execution.query_execution_context() else { return false };
        let catalog = context.catalog().unwrap_or_default();
        let state = execution.status().and_then(|status| status.state());
        execution.work_group() == Some(athena.workgroup.name())
            && state == Some(&QueryExecutionState::Succeeded)
            && catalog.eq_ignore_ascii_case(&athena.settings.catalog)
            && still_allowed(statement, context.database().unwrap_or_default(), &athena.access.rules)
    }

    fn start(&self, text: &str, database: &str, token: String) -> StartQueryExecutionFluentBuilder {
        let Athena { client, settings, workgroup, .. } = self.athena.as_ref();
        let context = QueryExecutionContext::builder().catalog(&settings.catalog).database(database);
        let output = settings
            .output
            .as_ref()
            .map(|output| ResultConfiguration::builder().output_location(output).build());
        let reuse = settings.reuse.map(|minutes| {
            let age = ResultReuseByAgeConfiguration::builder().enabled(true).max_age_in_minutes(minutes);
            ResultReuseConfiguration::builder().result_reuse_by_age_configuration(age.build()).build()
        });
        client
            .start_query_execution()
            .query_string(text)
            .client_request_token(token)
            .query_execution_context(context.build())
            .work_group(workgroup.name())
            .set_result_configuration(output)
            .set_result_reuse_configuration(reuse)
    }

    /// The same for all attempts of one call, so that none of them runs the query twice; another for each call, so that none is
    /// answered with what an earlier one has found.
    fn token(&self, text: &str, turn: u32, call: &Call) -> String {
        // Given once, before the first attempt.
        let deadline = call.deadline.map(|deadline| deadline.saturating_duration_since(self.born).as_nanos());
        let unique = deadline.map_or_else(|| Uuid::new_v4().to_string(), |deadline| deadline.to_string());
        let call = format!("{} {} {unique} {turn}\n{text}", self.process, call.request_id);
        hex::encode(Sha256::digest(call))
    }

    async fn told(&self, execution: &QueryExecution, page: Page) -> Output {
        let statistics = execution.statistics();
        let scanned =
            statistics.and_then(QueryExecutionStatistics::data_scanned_in_bytes).unwrap_or_default();
        let runtime =
            statistics.and_then(QueryExecutionStatistics::total_execution_time_in_millis).unwrap_or_default();
        let reused = statistics
            .and_then(|it| it.result_reuse_information())
            .is_some_and(ResultReuseInformation::reused_previous_result);
        let mut answer = json!({
            "query_id": execution.query_execution_id().unwrap_or_default(),
            "columns": page.told_columns(),
            "rows": page.rows,
            "scanned_bytes": scanned,
            "runtime_ms": runtime,
            "reused": reused,
        });
        let mut link = None;
        if let (Some(next), Value::Object(fields)) = (&page.next, &mut answer) {
            fields.insert("next_page_token".to_owned(), next.token().into());
            let location = execution.result_configuration().and_then(|result| result.output_location());
            if let Some(whole) = self.athena.links.to(location.unwrap_or_default()).await {
                let expires = jiff::Timestamp::try_from(whole.expires).map(|time| time.to_string());
                fields.insert("result_url".to_owned(), whole.url.clone().into());
                fields.insert("result_url_expires".to_owned(), expires.unwrap_or_default().into());
                link = Some(whole.url);
            }
        }
        let mut output = Output::structured(answer);
        output.content.extend(link.map(csv));
        output
    }
}

fn csv(uri: String) -> Content {
    Content::Link(Link {
        uri,
        name: "result.csv".to_owned(),
        description: Some("the whole result".to_owned()),
        media_type: Some("text/csv".to_owned()),
        size: None,
    })
}
