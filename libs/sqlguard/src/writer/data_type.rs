//! Types, as in `CAST(… AS type)`.

use sqlparser::{
    ast::{
        ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, MapBracketKind, ObjectNamePart,
        StructBracketKind, StructField, TimezoneInfo,
    },
    tokenizer::Span,
};

use super::{Done, Writer, none, refused};

const TYPES: &str = "Athena's types: BOOLEAN, INTEGER, BIGINT, DOUBLE, DECIMAL(p, s), VARCHAR, DATE, TIMESTAMP, ARRAY(…), \
                     MAP(…, …), ROW(…), JSON and the like";

impl Writer<'_> {
    pub(super) fn data_type(&mut self, data_type: &DataType, span: Span) -> Done {
        self.deeper(|writer| match data_type {
            DataType::Array(ArrayElemTypeDef::Parenthesis(element)) => {
                writer.put("ARRAY");
                writer.join("(");
                writer.data_type(element, span)?;
                writer.put(")");
                Ok(())
            }
            DataType::Map(key, value, MapBracketKind::Parentheses) => {
                writer.put("MAP");
                writer.join("(");
                writer.data_type(key, span)?;
                writer.put(",");
                writer.data_type(value, span)?;
                writer.put(")");
                Ok(())
            }
            DataType::Struct(fields, StructBracketKind::Parentheses) => {
                writer.put("ROW");
                writer.join("(");
                writer.list(fields, |writer, field| writer.row_field(field, span))?;
                writer.put(")");
                Ok(())
            }
            simple => match named(simple) {
                Some(name) => {
                    writer.put(&name);
                    Ok(())
                }
                None => refused("such a type", TYPES, span),
            },
        })
    }

    fn row_field(&mut self, field: &StructField, span: Span) -> Done {
        let StructField { field_name, field_type, options } = field;
        none(options.is_none(), "options of a field", TYPES, span)?;
        if let Some(name) = field_name {
            self.name(name)?;
        }
        self.data_type(field_type, span)
    }
}

/// A type without types in it, as Trino writes it.
fn named(data_type: &DataType) -> Option<String> {
    let plain = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::TinyInt(None) => "TINYINT",
        DataType::SmallInt(None) => "SMALLINT",
        DataType::Int(None) | DataType::Integer(None) => "INTEGER",
        DataType::BigInt(None) => "BIGINT",
        DataType::Real => "REAL",
        DataType::Double(ExactNumberInfo::None) | DataType::DoublePrecision => "DOUBLE",
        DataType::Varbinary(None) => "VARBINARY",
        DataType::Date => "DATE",
        DataType::JSON => "JSON",
        DataType::Uuid => "UUID",
        DataType::Decimal(precision) | DataType::Dec(precision) | DataType::Numeric(precision) => {
            return exact("DECIMAL", *precision);
        }
        DataType::Varchar(length) => return sized("VARCHAR", length.as_ref()),
        DataType::Char(length) | DataType::Character(length) => return sized("CHAR", length.as_ref()),
        DataType::Time(precision, zone) => return zoned("TIME", *precision, *zone),
        DataType::Timestamp(precision, zone) => return zoned("TIMESTAMP", *precision, *zone),
        // The parser has no word for these.
        DataType::Custom(name, modifiers) => match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] if modifiers.is_empty() && name.quote_style.is_none() => {
                match name.value.to_lowercase().as_str() {
                    "ipaddress" => "IPADDRESS",
                    "json" => "JSON",
                    "uuid" => "UUID",
                    _ => return None,
                }
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(plain.to_owned())
}

fn exact(name: &str, precision: ExactNumberInfo) -> Option<String> {
    match precision {
        ExactNumberInfo::None => Some(name.to_owned()),
        ExactNumberInfo::Precision(precision) => Some(format!("{name}({precision})")),
        ExactNumberInfo::PrecisionAndScale(precision, scale) if scale >= 0 => {
            Some(format!("{name}({precision}, {scale})"))
        }
        ExactNumberInfo::PrecisionAndScale(..) => None,
    }
}

fn sized(name: &str, length: Option<&CharacterLength>) -> Option<String> {
    match length {
        None => Some(name.to_owned()),
        Some(CharacterLength::IntegerLength { length, unit: None }) => Some(format!("{name}({length})")),
        Some(_) => None,
    }
}

fn zoned(name: &str, precision: Option<u64>, zone: TimezoneInfo) -> Option<String> {
    let precision = precision.map(|digits| format!("({digits})")).unwrap_or_default();
    match zone {
        TimezoneInfo::None => Some(format!("{name}{precision}")),
        TimezoneInfo::WithTimeZone => Some(format!("{name}{precision} WITH TIME ZONE")),
        TimezoneInfo::WithoutTimeZone => Some(format!("{name}{precision} WITHOUT TIME ZONE")),
        TimezoneInfo::Tz => None,
    }
}
