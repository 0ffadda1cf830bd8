//! Bytes as JSON, within the limits of a request.

use serde_json::Value;

use crate::{Limits, TranscodingError};

/// Reads JSON that is not too large, not nested too deep, and names no field twice.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Value, TranscodingError> {
    if bytes.len() > limits.body_bytes {
        return Err(TranscodingError::BodyTooLarge { limit: limits.body_bytes });
    }
    let value = strictjson::read(bytes, limits.json_depth);
    value.map_err(|error| TranscodingError::Json { problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::{Limits, TranscodingError};

    #[test]
    fn depth_and_size_have_limits() {
        let shallow = Limits { json_depth: 3, ..Limits::default() };
        read(b"[[[1]]]", &shallow).unwrap();
        match read(b"[[[[1]]]]", &shallow) {
            Err(TranscodingError::Json { problem }) => assert!(problem.contains("more than 3"), "{problem}"),
            other => panic!("{other:?}"),
        }
        let small = Limits { body_bytes: 5, ..Limits::default() };
        read(b"[1,2]", &small).unwrap();
        assert!(matches!(read(b"[1, 2]", &small), Err(TranscodingError::BodyTooLarge { limit: 5 })));
    }
}
