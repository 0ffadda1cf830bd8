//! What a job is to do, as it is asked for.

use accounts::Grants;
use artifacts::Upload;
use contract::{Invalid, check_generation, json_arguments, model_id, tool_name};
use prost::Message;
use proto::{
    inference::v1::GenerateTextRequest,
    jobs::v1::{self as wire, job::Work},
};

use crate::{ApiError, allowed::check_model};

/// A text of 1 MiB, and what stands around it.
const LARGEST: usize = 1024 * 1024 + 64 * 1024;
const LARGEST_ARGUMENTS: usize = 1024 * 1024;
const MOST_CONCURRENCY: u32 = 64;

/// Whether a key may have this done.
pub(super) fn check_grants(work: Option<&Work>, granted: &Grants) -> Result<(), ApiError> {
    let kind = match work {
        None => return Ok(()),
        Some(Work::GenerateText(_)) => "generate_text",
        Some(Work::Batch(_)) => "batch",
        Some(Work::CallTool(_)) => "call_tool",
    };
    if !granted.may_create(kind) {
        return Err(ApiError::KindForbidden { kind });
    }
    match work {
        Some(Work::CallTool(work)) => check_tool(&work.tool, granted),
        Some(Work::GenerateText(work)) => {
            check_model_there(work.request.as_ref().map_or("", |request| &request.model), granted)
        }
        // What lines name themselves, the worker refuses: here nobody has read them.
        Some(Work::Batch(work)) => check_model_there(&work.model, granted),
        None => Ok(()),
    }
}

/// A model that is named. Where one is missing, that is said as such.
fn check_model_there(model: &str, granted: &Grants) -> Result<(), ApiError> {
    if model.is_empty() { Ok(()) } else { check_model(granted, model) }
}

/// As the service of the tools would refuse it, only sooner. A name that cannot be one is refused as such.
fn check_tool(tool: &str, granted: &Grants) -> Result<(), ApiError> {
    let name = full_name(tool);
    match tool_name(&name) {
        Ok(tool) if !granted.may_call(tool) => Err(ApiError::ToolForbidden { tool: tool.to_owned() }),
        _ => Ok(()),
    }
}

/// The kind, and the message as the worker reads it.
pub(super) fn work_of(work: Option<&Work>) -> Result<(&'static str, Vec<u8>), Invalid> {
    let (kind, bytes) = match work {
        None => {
            let rule = format!("one kind of work is required: {}", jobview::KINDS.join(", "));
            return Err(Invalid::field("job", rule));
        }
        Some(Work::GenerateText(work)) => {
            let nothing = GenerateTextRequest::default();
            let request = work.request.as_ref().unwrap_or(&nothing);
            check_generation(request).map_err(|wrong| wrong.within("job.generate_text.request"))?;
            ("generate_text", work.encode_to_vec())
        }
        Some(Work::Batch(work)) => {
            check_batch(work)?;
            ("batch", work.encode_to_vec())
        }
        Some(Work::CallTool(work)) => {
            check_call(work)?;
            ("call_tool", work.encode_to_vec())
        }
    };
    if bytes.len() > LARGEST {
        let rule = format!("must be at most {LARGEST} bytes, is {}", bytes.len());
        return Err(Invalid::field(format!("job.{kind}"), rule));
    }
    Ok((kind, bytes))
}

fn check_batch(work: &wire::BatchWork) -> Result<(), Invalid> {
    let input = Upload::parse("input", &work.input).map(drop).map_err(|_| {
        Invalid::field("job.batch.input", "must be `uploads/{upload}`, as CreateUploadUrl names it")
    });
    let concurrency = if work.concurrency <= MOST_CONCURRENCY {
        Ok(())
    } else {
        let rule = format!("must be at most {MOST_CONCURRENCY}, is {}", work.concurrency);
        Err(Invalid::field("job.batch.concurrency", rule))
    };
    let model = if work.model.is_empty() { Ok(()) } else { model_id(&work.model).map(drop) };
    Invalid::all([input, concurrency, model.map_err(|wrong| wrong.within("job.batch"))])
}

fn check_call(work: &wire::CallToolWork) -> Result<(), Invalid> {
    let field = "job.call_tool.arguments";
    let tool = tool_name(&full_name(&work.tool)).map(drop).map_err(|_| {
        Invalid::field("job.call_tool.tool", "must be `tools/{tool}` or a tool's id, as ListTools has them")
    });
    let length = work.arguments.as_ref().map_or(0, Message::encoded_len);
    let size = if length <= LARGEST_ARGUMENTS {
        Ok(())
    } else {
        Err(Invalid::field(field, format!("must be at most {LARGEST_ARGUMENTS} bytes, is {length}")))
    };
    let shape = json_arguments(field, work.arguments.clone().unwrap_or_default()).map(drop);
    Invalid::all([tool, size, shape])
}

/// The resource name of a tool that is named by it or by its id.
fn full_name(tool: &str) -> String {
    if tool.starts_with("tools/") { tool.to_owned() } else { format!("tools/{tool}") }
}

#[cfg(test)]
mod tests {
    use accounts::Grants;
    use fault::{Fault, Kind};
    use prost_types::{ListValue, Struct, Value, value::Kind as Of};
    use proto::jobs::v1::{BatchWork, CallToolWork, job::Work};

    use super::{check_grants, work_of};

    fn call(tool: &str, arguments: Option<Struct>) -> Work {
        Work::CallTool(CallToolWork { tool: tool.to_owned(), arguments })
    }

    #[test]
    fn a_call_names_a_tool_in_either_way() {
        for good in ["shop_search", "tools/shop_search"] {
            assert_eq!(work_of(Some(&call(good, None))).unwrap().0, "call_tool");
        }
        for wrong in ["", "tools/", "tools/a/b", "models/a", "a b", &"x".repeat(65)] {
            let error = work_of(Some(&call(wrong, None))).unwrap_err();
            assert_eq!(error.violations()[0].field, "job.call_tool.tool", "{wrong}");
        }
    }

    #[test]
    fn arguments_are_neither_large_nor_deep() {
        let with = |value| Some(Struct { fields: [("a".to_owned(), Value { kind: Some(value) })].into() });
        let deep = (0..40).fold(Of::BoolValue(true), |inner, _| {
            Of::ListValue(ListValue { values: vec![Value { kind: Some(inner) }] })
        });
        for wrong in [deep, Of::StringValue("x".repeat(1 << 20)), Of::NumberValue(f64::NAN)] {
            let error = work_of(Some(&call("a", with(wrong)))).unwrap_err();
            assert_eq!(error.violations()[0].field, "job.call_tool.arguments");
        }
    }

    #[test]
    fn a_key_has_done_what_it_allows() {
        let check = |line: &str, work: &Work| check_grants(Some(work), &Grants::from_line(line));
        let batch = Work::Batch(BatchWork::default());
        check("scopes=", &batch).unwrap();
        let of_model = Work::Batch(BatchWork { model: "llama".to_owned(), ..BatchWork::default() });
        check("scopes=;models=llama", &of_model).unwrap();
        check("scopes=;tools=s3_*;jobs=call_tool", &call("tools/s3_get", None)).unwrap();
        for (line, work, reason) in [
            ("scopes=;jobs=call_tool", &batch, "JOB_KIND_FORBIDDEN"),
            ("scopes=;jobs=", &call("s3_get", None), "JOB_KIND_FORBIDDEN"),
            ("scopes=;tools=s3_*", &call("shop_search", None), "TOOL_FORBIDDEN"),
            ("scopes=;models=qwen*", &of_model, "MODEL_FORBIDDEN"),
        ] {
            let error = check(line, work).unwrap_err();
            assert_eq!((error.kind(), error.reason()), (Kind::PermissionDenied, reason), "{line}");
        }
    }
}
