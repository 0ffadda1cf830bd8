//! Tools over REST APIs: each tool is one request, described in the configuration.
//!
//! - `plan` is the request as it is described, `body` a part of it that take arguments; `import` has an
//!   `OpenAPI` document describe it.
//! - `parameters` are what callers are asked for.
//! - `answer` decides what an answer means, `projection` what of it is handed on.

mod answer;
mod body;
mod import;
mod parameters;
mod plan;
mod projection;
mod tool;

use std::{path::Path, sync::Arc};

use secrets::Secrets;
use tools::{Annotations, Descriptor, Schema, ToolName};

use self::{
    answer::Reading,
    import::Imported,
    parameters::{defaults, input},
    plan::Plan,
    projection::Projection,
    tool::Asking,
};
use super::{Offer, structured::object_schema};
use crate::{
    McpError,
    config::{HttpConfig, HttpToolConfig},
    remote::Remote,
    template::check_name,
};

/// The tools of one API, called `name`.
pub(crate) fn offers(
    name: &str,
    config: &HttpConfig,
    folder: &Path,
    secrets: &Arc<dyn Secrets>,
) -> Result<Vec<Offer>, McpError> {
    let at = |place: &str, problem: String| McpError::Config(format!("[http.{name}{place}] {problem}"));
    check_name(name).map_err(|problem| at("", problem))?;
    let Imported { server, tools } =
        import::tools(config, folder).map_err(|(place, problem)| at(&place, problem))?;
    // Whoever can change the document must not be able to choose who is given the credentials.
    let url = config.url.clone().or(server.filter(|_| config.auth.is_none()));
    let url =
        url.ok_or_else(|| at("", "url: is missing; with auth it is never taken from a document".to_owned()))?;
    let upstream =
        Remote::open(&url, config.reach(), Arc::clone(secrets)).map_err(|problem| at("", problem))?;
    let upstream = Arc::new(upstream);
    let tools = tools.iter().map(|(tool, described)| {
        offer(&format!("{name}_{tool}"), &upstream, described, config)
            .map_err(|problem| at(&format!(".tools.{tool}"), problem))
    });
    tools.collect()
}

fn offer(
    name: &str,
    upstream: &Arc<Remote>,
    described: &HttpToolConfig,
    config: &HttpConfig,
) -> Result<Offer, String> {
    let plan = Plan::new(upstream.base.clone(), described)?;
    let projection = described.result.as_deref().map(Projection::new).transpose();
    let projection = projection.map_err(|problem| format!("result: {problem}"))?;
    let output = output(described)?;
    let descriptor = Descriptor {
        name: ToolName::new(name).map_err(|error| error.to_string())?,
        title: described.title.clone(),
        description: described.description.clone().ok_or("description: is missing: models choose by it")?,
        input: input(described)?,
        output,
        annotations: annotations(described, &plan),
    };
    let reading = Reading {
        name: name.to_owned(),
        upstream: upstream.name.clone(),
        structured: projection.is_some() || descriptor.output.is_some(),
        projection,
        authenticated: upstream.is_authenticated(),
    };
    Ok(Offer {
        tool: Arc::new(Asking {
            upstream: Arc::clone(upstream),
            plan,
            defaults: defaults(described),
            reading,
        }),
        policy: config.policy.clone(),
        upstream: upstream.name.clone(),
        descriptor,
    })
}

/// The schema of the answers. One out of a document is only as good as the document: it is left out where it cannot be used.
fn output(described: &HttpToolConfig) -> Result<Option<Schema>, String> {
    let Some(schema) = described.output.clone() else { return Ok(None) };
    let wrapped = object_schema(schema).ok_or("output: must say what `type` its values are");
    let schema = wrapped
        .map_err(str::to_owned)
        .and_then(|schema| Schema::new(schema).map_err(|error| format!("output: {error}")));
    match schema {
        Err(problem) if described.is_imported => {
            tracing::warn!("the document's schema of an answer is left out: {problem}");
            Ok(None)
        }
        schema => schema.map(Some),
    }
}

/// What the method says, unless the configuration knows better.
fn annotations(described: &HttpToolConfig, plan: &Plan) -> Annotations {
    let read_only = described.read_only.unwrap_or(plan.method.is_safe());
    let repeatable = plan.method.is_idempotent() || described.idempotency_header.is_some() || read_only;
    Annotations {
        read_only,
        destructive: described.destructive.unwrap_or(!read_only),
        idempotent: described.idempotent.unwrap_or(repeatable),
        open_world: true,
    }
}
