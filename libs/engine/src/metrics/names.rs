//! What the engine's metrics are called, all of them, here and nowhere else.
//!
//! Ondol's own names are what its charts and dashboards read. Beside them stand names that others have settled on, for
//! the same figures: those of OpenTelemetry's conventions for generative models as Prometheus spells them, for
//! dashboards made elsewhere, and those of vLLM, which gateways choose a pod by (the endpoint pickers of the Gateway
//! API's inference extension among them). The conventions are not final: a name that changes there is changed here on
//! purpose, in one place.

pub(super) const RUNNING: &str = "ondol_llm_requests_running";
pub(super) const WAITING: &str = "ondol_llm_requests_waiting";
pub(super) const CACHE_USAGE: &str = "ondol_llm_kv_cache_usage_ratio";
pub(super) const FIRST_TOKEN: &str = "ondol_llm_time_to_first_token_seconds";
pub(super) const INTER_TOKEN: &str = "ondol_llm_inter_token_latency_seconds";
pub(super) const QUEUED: &str = "ondol_llm_request_queue_time_seconds";
pub(super) const TOTAL: &str = "ondol_llm_e2e_request_latency_seconds";
pub(super) const PROMPT_TOKENS: &str = "ondol_llm_prompt_tokens";
pub(super) const GENERATION_TOKENS: &str = "ondol_llm_generation_tokens";
pub(super) const STEP_ROWS: &str = "ondol_llm_decode_step_rows";
pub(super) const FINISHED: &str = "ondol_llm_requests_finished";

/// OpenTelemetry's `gen_ai.server.request.duration`: the same as [`TOTAL`].
pub(super) const GEN_AI_REQUEST: &str = "gen_ai_server_request_duration_seconds";
/// OpenTelemetry's `gen_ai.server.time_to_first_token`: the same as [`FIRST_TOKEN`].
pub(super) const GEN_AI_FIRST_TOKEN: &str = "gen_ai_server_time_to_first_token_seconds";
/// OpenTelemetry's `gen_ai.server.time_per_output_token`: the same as [`INTER_TOKEN`], token by token.
pub(super) const GEN_AI_OUTPUT_TOKEN: &str = "gen_ai_server_time_per_output_token_seconds";
/// What `gen_ai_provider_name` says.
pub(super) const GEN_AI_PROVIDER: &str = "ondol";
/// What `gen_ai_operation_name` says.
pub(super) const GEN_AI_OPERATION: &str = "text_completion";

/// vLLM's: the same as [`RUNNING`].
pub(super) const VLLM_RUNNING: &str = "vllm:num_requests_running";
/// vLLM's: the same as [`WAITING`].
pub(super) const VLLM_WAITING: &str = "vllm:num_requests_waiting";
/// vLLM's: the same as [`CACHE_USAGE`]. A share of 1 for all its name.
pub(super) const VLLM_CACHE_USAGE: &str = "vllm:kv_cache_usage_perc";
