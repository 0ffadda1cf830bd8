//! The `grpc-timeout` header: at most eight digits and a unit.

use std::time::Duration;

use http::HeaderValue;

use crate::RpcError;

const MAX_DIGITS: usize = 8;
const MAX_NUMBER: u128 = 99_999_999;

/// Reads the header.
pub(super) fn parse(value: &HeaderValue) -> Result<Duration, RpcError> {
    read(value.as_bytes()).ok_or(RpcError::MalformedTimeout)
}

fn read(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    let plain = (1..=MAX_DIGITS).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let number: u64 = plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Writes the header in the finest unit that fits, rounded down: the next hop must not have more time than we.
pub(crate) fn format(timeout: Duration) -> HeaderValue {
    let units = [(timeout.as_nanos(), 'n'), (timeout.as_micros(), 'u'), (timeout.as_millis(), 'm')];
    let (number, unit) = units
        .into_iter()
        .find(|(number, _)| *number <= MAX_NUMBER)
        .unwrap_or((u128::from(timeout.as_secs()).min(MAX_NUMBER), 'S'));
    // Digits and a letter are always a header value.
    HeaderValue::from_str(&format!("{number}{unit}")).unwrap_or_else(|_| HeaderValue::from_static("0n"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::{format, parse};

    #[test]
    fn every_unit_is_read() {
        let cases = [
            ("2H", Duration::from_hours(2)),
            ("3M", Duration::from_mins(3)),
            ("4S", Duration::from_secs(4)),
            ("5m", Duration::from_millis(5)),
            ("6u", Duration::from_micros(6)),
            ("7n", Duration::from_nanos(7)),
            ("0S", Duration::ZERO),
            ("99999999H", Duration::from_hours(99_999_999)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(&HeaderValue::from_static(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "S", "5", "5s", "5h", "+5S", "-1S", "1.5S", " 5S", "5 S", "100000000S", "5SS"] {
            assert!(parse(&HeaderValue::from_str(text).unwrap()).is_err(), "{text:?}");
        }
        assert!(parse(&HeaderValue::from_bytes(b"\xffS").unwrap()).is_err());
    }

    #[test]
    fn what_is_written_is_read_back_and_never_longer() {
        for (timeout, text) in [
            (Duration::ZERO, "0n"),
            (Duration::from_millis(1), "1000000n"),
            (Duration::from_millis(1500), "1500000u"),
            (Duration::from_hours(1) + Duration::from_nanos(1), "3600000m"),
            (Duration::from_hours(24 * 30), "2592000S"),
            (Duration::MAX, "99999999S"),
        ] {
            let written = format(timeout);
            assert_eq!(written, text);
            assert!(parse(&written).unwrap() <= timeout);
        }
    }
}
