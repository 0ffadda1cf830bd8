//! Numbers, texts, bytes and enums.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{EnumDescriptor, Kind, MapKey, Value};
use serde_json::Value as Json;

/// How many bytes of a wrong value an error repeats.
const SHOWN: usize = 40;
/// How many names of an enum an error lists.
const LISTED: usize = 12;

/// Readers take both alphabets, with and without padding.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// JSON as a value of this kind, which is no message. An error says what was expected and what came.
pub(crate) fn scalar(kind: &Kind, json: &Json) -> Result<Value, String> {
    let (value, expected) = match kind {
        Kind::Double => (double(json).map(Value::F64), "a number"),
        Kind::Float => (float(json).map(Value::F32), "a number of single precision"),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            (whole(json).map(Value::I32), "a whole number from -2147483648 to 2147483647")
        }
        Kind::Uint32 | Kind::Fixed32 => (whole(json).map(Value::U32), "a whole number from 0 to 4294967295"),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            (whole(json).map(Value::I64), "a whole number of 64 bits, or its digits as text")
        }
        Kind::Uint64 | Kind::Fixed64 => {
            (whole(json).map(Value::U64), "a whole number of 64 bits from 0, or its digits as text")
        }
        Kind::Bool => (json.as_bool().map(Value::Bool), "true or false"),
        Kind::String => (json.as_str().map(|text| Value::String(text.to_owned())), "text"),
        Kind::Bytes => (bytes(json).map(|bytes| Value::Bytes(bytes.into())), "bytes in base64"),
        Kind::Enum(described) => return enumerated(described, json),
        Kind::Message(_) => (None, "a message"),
    };
    value.ok_or_else(|| unexpected(expected, json))
}

/// Text as the key of a map.
pub(super) fn key(kind: &Kind, text: &str) -> Result<MapKey, String> {
    let json = match (kind, text) {
        (Kind::Bool, "true") => Json::Bool(true),
        (Kind::Bool, "false") => Json::Bool(false),
        _ => Json::String(text.to_owned()),
    };
    scalar(kind, &json)?.into_map_key().ok_or_else(|| unexpected("a key", &json))
}

/// `expected a number, got "x"`.
pub(super) fn unexpected(expected: &str, got: &Json) -> String {
    let got = match got {
        Json::Object(_) => "an object".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::String(text) if text.len() > SHOWN => {
            format!("{:?} and more", &text[..text.floor_char_boundary(SHOWN)])
        }
        Json::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    format!("expected {expected}, got {got}")
}

fn double(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            // Rust reads more words than protobuf does.
            text if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) => {
                None
            }
            text => text.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    }
}

fn float(json: &Json) -> Option<f32> {
    let double = double(json)?;
    let float = double as f32;
    (float.is_finite() || !double.is_finite()).then_some(float)
}

/// `5`, `5.0`, `5e0` and `"5"` are the same whole number.
fn whole<T: TryFrom<i128>>(json: &Json) -> Option<T> {
    let number = match json {
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => i128::from(number),
            (_, Some(number), _) => i128::from(number),
            // What is beyond the range becomes its end, which is beyond 64 bits too.
            (_, _, Some(number)) if number.fract() == 0.0 => number as i128,
            _ => return None,
        },
        Json::String(text) if !text.starts_with('+') => text.parse().ok()?,
        _ => return None,
    };
    T::try_from(number).ok()
}

fn bytes(json: &Json) -> Option<Vec<u8>> {
    let text = json.as_str()?;
    PLAIN.decode(text).or_else(|_| FOR_URLS.decode(text)).ok()
}

/// A value by its name or number; one that is not there is refused, since nobody could know it.
fn enumerated(described: &EnumDescriptor, json: &Json) -> Result<Value, String> {
    let value = match json {
        Json::String(name) => described.get_value_by_name(name),
        Json::Number(_) => whole(json).and_then(|number| described.get_value(number)),
        Json::Null if described.full_name() == "google.protobuf.NullValue" => described.get_value(0),
        _ => None,
    };
    value.map(|value| Value::EnumNumber(value.number())).ok_or_else(|| {
        let names: Vec<_> = described.values().take(LISTED).map(|value| value.name().to_owned()).collect();
        let more = if described.values().len() > LISTED { " …" } else { "" };
        unexpected(&format!("one of {}{more}", names.join(", ")), json)
    })
}

#[cfg(test)]
mod tests {
    use prost_reflect::{Kind, Value};
    use serde_json::{Value as Json, json};

    use super::scalar;

    fn read(kind: &Kind, json: &Json) -> Option<Value> {
        scalar(kind, json).ok()
    }

    #[test]
    fn whole_numbers_come_as_numbers_or_digits_and_stay_in_range() {
        for (json, value) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!(5e2), Some(500)),
            (json!("5"), Some(5)),
            (json!("-2147483648"), Some(i32::MIN)),
            (json!(2_147_483_648_u64), None),
            (json!(5.5), None),
            (json!(1e300), None),
            (json!("5.0"), None),
            (json!("+5"), None),
            (json!(" 5"), None),
            (json!(""), None),
            (json!(true), None),
            (json!([5]), None),
        ] {
            assert_eq!(read(&Kind::Int32, &json), value.map(Value::I32), "{json}");
        }
        assert_eq!(read(&Kind::Uint64, &json!(u64::MAX)), Some(Value::U64(u64::MAX)));
        assert_eq!(read(&Kind::Uint64, &json!(u64::MAX.to_string())), Some(Value::U64(u64::MAX)));
        assert_eq!(read(&Kind::Uint64, &json!(-1)), None);
        assert_eq!(read(&Kind::Uint64, &json!(18_446_744_073_709_551_616.0)), None, "one too many");
        assert_eq!(read(&Kind::Int64, &json!(i64::MIN)), Some(Value::I64(i64::MIN)));
        assert_eq!(read(&Kind::Int64, &json!(9_223_372_036_854_775_808.0)), None);
    }

    #[test]
    fn numbers_know_protobufs_words_and_no_others() {
        assert_eq!(read(&Kind::Double, &json!("1.5e3")), Some(Value::F64(1500.0)));
        assert_eq!(read(&Kind::Double, &json!("-Infinity")), Some(Value::F64(f64::NEG_INFINITY)));
        for json in [json!("inf"), json!("nan"), json!("infinity"), json!("1e999"), json!(null), json!("")] {
            assert_eq!(read(&Kind::Double, &json), None, "{json}");
        }
        assert_eq!(read(&Kind::Float, &json!(1e39)), None, "beyond single precision");
        assert_eq!(read(&Kind::Float, &json!("Infinity")), Some(Value::F32(f32::INFINITY)));
    }

    #[test]
    fn bytes_come_in_either_alphabet() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(
                read(&Kind::Bytes, &json!(text)),
                Some(Value::Bytes(vec![0xfb, 0xff].into())),
                "{text}"
            );
        }
        assert_eq!(read(&Kind::Bytes, &json!("!")), None);
    }

    #[test]
    fn an_error_says_what_was_expected_and_what_came() {
        let told = scalar(&Kind::Uint32, &json!("x".repeat(500))).unwrap_err();
        assert!(told.starts_with("expected a whole number from 0 to 4294967295, got \"xxx"), "{told}");
        assert!(told.ends_with("xxx\" and more") && told.len() < 130, "{told}");
        assert_eq!(
            scalar(&Kind::Bool, &json!({"a": 1})).unwrap_err(),
            "expected true or false, got an object"
        );
    }
}
