//! llm-inference
