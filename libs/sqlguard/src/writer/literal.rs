//! Numbers, strings, dates, intervals.

use sqlparser::{
    ast::{DateTimeField, Expr, Interval, Spanned, TypedString, Value, ValueWithSpan},
    tokenizer::Span,
};

use super::{Done, Writer, none, refused, refused_node};

/// The fields of EXTRACT in Trino.
const FIELDS: [&str; 17] = [
    "YEAR",
    "QUARTER",
    "MONTH",
    "WEEK",
    "DAY",
    "DAY_OF_MONTH",
    "DAY_OF_WEEK",
    "DOW",
    "DAY_OF_YEAR",
    "DOY",
    "YEAR_OF_WEEK",
    "YOW",
    "HOUR",
    "MINUTE",
    "SECOND",
    "TIMEZONE_HOUR",
    "TIMEZONE_MINUTE",
];
/// The fields of intervals.
const UNITS: [&str; 6] = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];

impl Writer<'_> {
    pub(super) fn literal(&mut self, literal: &ValueWithSpan) -> Done {
        match &literal.value {
            Value::Number(number, false) if is_number(number) => self.put(&whole(number)),
            Value::SingleQuotedString(text) => self.text(text),
            Value::Boolean(true) => self.put("TRUE"),
            Value::Boolean(false) => self.put("FALSE"),
            Value::Null => self.put("NULL"),
            _ => return refused("such a literal", "numbers, 'strings', TRUE, FALSE and NULL", literal.span),
        }
        Ok(())
    }

    /// A string with every quote in it doubled: Trino knows no other escape.
    fn text(&mut self, text: &str) {
        self.put(&format!("'{}'", text.replace('\'', "''")));
    }

    /// `DATE '2026-01-01'`
    pub(super) fn typed(&mut self, literal: &TypedString) -> Done {
        let TypedString { data_type, value, uses_odbc_syntax } = literal;
        none(!uses_odbc_syntax, "such a literal", "DATE '…' and the like", value.span)?;
        match &value.value {
            Value::SingleQuotedString(text) => {
                self.data_type(data_type, value.span)?;
                self.text(text);
                Ok(())
            }
            _ => refused("such a literal", "DATE '…' and the like", value.span),
        }
    }

    /// `INTERVAL '1' DAY`
    pub(super) fn interval(&mut self, interval: &Interval) -> Done {
        let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } =
            interval;
        let allowed = "INTERVAL '1' DAY and the like";
        let is_plain = leading_precision.is_none() && fractional_seconds_precision.is_none();
        none(is_plain, "a precision of an interval", allowed, value.span())?;
        let (Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), span }), Some(first)) =
            (value.as_ref(), leading_field)
        else {
            return refused_node("such an interval", allowed, value.as_ref());
        };
        self.put("INTERVAL");
        self.text(text);
        self.unit(first, *span)?;
        match last_field {
            Some(last) => {
                self.put("TO");
                self.unit(last, *span)
            }
            None => Ok(()),
        }
    }

    fn unit(&mut self, field: &DateTimeField, span: Span) -> Done {
        // `DAYS` is understood as well, and written as Trino has it.
        let named = field.to_string().to_uppercase();
        let named = named.strip_suffix('S').unwrap_or(&named);
        match UNITS.iter().find(|unit| **unit == named) {
            Some(unit) => {
                self.put(unit);
                Ok(())
            }
            None => refused("such a unit", UNITS.join(", "), span),
        }
    }

    /// A field of EXTRACT.
    pub(super) fn field(&mut self, field: &DateTimeField, span: Span) -> Done {
        let named = field.to_string().to_uppercase();
        match FIELDS.iter().find(|known| **known == named) {
            Some(known) => {
                self.put(known);
                Ok(())
            }
            None => refused("such a field", FIELDS.join(", "), span),
        }
    }
}

/// With a digit on either side of the point, so that it cannot be taken for one between names.
fn whole(number: &str) -> String {
    let number = number.strip_prefix('.').map_or_else(|| number.to_owned(), |rest| format!("0.{rest}"));
    match number.split_once('.') {
        Some((digits, rest)) if !rest.starts_with(|digit: char| digit.is_ascii_digit()) => {
            format!("{digits}.0{rest}")
        }
        _ => number,
    }
}

/// Digits with a point and an exponent, as every dialect reads them.
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{is_number, whole};

    #[test]
    fn points_stand_between_digits() {
        for (text, expected) in
            [("1", "1"), ("1.", "1.0"), (".5", "0.5"), ("1.e3", "1.0e3"), ("1.5E-3", "1.5E-3")]
        {
            assert!(is_number(text));
            assert_eq!(whole(text), expected);
        }
        for text in ["", ".", "inf", "NaN", "1_000", "0x1f", "1..2", "e5"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
