//! Who is turned away at the door, before anything is done for them: whoever has used up their requests, and calls that
//! no release has a place for. Nobody has looked at their key yet, so only what every caller may know is told here, and
//! what they were told themselves a moment ago.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderMap;
use proto::{
    inference::v1::inference_service_server as inference, jobs::v1::job_service_server as jobs,
    tools::v1::tool_service_server as tools,
};
use rpc::{Doorkeeper, Refusal};

use crate::{
    ApiError,
    grpc::{Admission, Dispatch},
};

/// What a call uses, as far as its path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// A request, and a place at a release.
    Generation,
    /// A request.
    Request,
    /// Nothing that is limited.
    Nothing,
}

/// The doorkeeper that knows them.
pub(crate) fn keeper(admission: Admission, dispatch: Dispatch) -> Doorkeeper {
    let keeper = Keeper { admission, dispatch, busy: Mutex::default() };
    Arc::new(move |path: &str, headers: &HeaderMap| keeper.refusal(path, headers))
}

struct Keeper {
    admission: Admission,
    dispatch: Dispatch,
    /// What those were told last whom no release had a place for.
    busy: Mutex<Option<(Duration, Arc<Refusal>)>>,
}

impl Keeper {
    fn refusal(&self, path: &str, headers: &HeaderMap) -> Option<Arc<Refusal>> {
        let used = used(path);
        if used == Use::Nothing {
            return None;
        }
        let known = self.admission.known(headers);
        if known.is_some() || used == Use::Request {
            return known;
        }
        self.dispatch.full(headers).map(|retry_after| self.busy(retry_after))
    }

    fn busy(&self, retry_after: Duration) -> Arc<Refusal> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, told)) = busy.as_ref().filter(|(told, _)| *told == retry_after) {
            return Arc::clone(told);
        }
        let told = Arc::new(Refusal::new(&rpc::status(ApiError::Shed { retry_after })));
        *busy = Some((retry_after, Arc::clone(&told)));
        told
    }
}

/// As `grpc` counts it. JSON has become gRPC by here; OpenAI's paths are what they are.
fn used(path: &str) -> Use {
    let Some((service, method)) = path.get(1..).and_then(|path| path.split_once('/')) else {
        return Use::Nothing;
    };
    match (service, method) {
        (inference::SERVICE_NAME, "GenerateText" | "StreamGenerateText")
        | ("v1", "chat/completions" | "completions" | "responses") => Use::Generation,
        (inference::SERVICE_NAME | "v1", _)
        | (tools::SERVICE_NAME, "CallTool")
        | (jobs::SERVICE_NAME, "CreateJob") => Use::Request,
        _ => Use::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::{Use, used};
    use crate::http::openai;

    #[test]
    fn a_path_tells_what_a_call_uses() {
        let inference = |method: &str| used(&format!("/ondol.inference.v1.InferenceService/{method}"));
        assert_eq!(inference("StreamGenerateText"), Use::Generation);
        assert_eq!(inference("CountTokens"), Use::Request);
        for path in [openai::CHAT, openai::COMPLETIONS, openai::RESPONSES] {
            assert_eq!(used(path), Use::Generation, "{path}");
        }
        assert_eq!(used(openai::MODELS), Use::Request);
        assert_eq!(used("/ondol.jobs.v1.JobService/CreateJob"), Use::Request);
        for path in ["/ondol.jobs.v1.JobService/WatchJob", "/generated/a/b", "/openapi.json", "/", "*", ""] {
            assert_eq!(used(path), Use::Nothing, "{path}");
        }
    }
}
